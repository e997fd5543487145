"""Capsules and policies over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.capsules import selectors, services
from apps.capsules.models import Capsule
from apps.capsules.wording import policy_sentences
from apps.core import clock
from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.exchange.links import sign_url
from apps.tenants.members import actor_of
from creditzone.kernel.documents import Policy, Rule

ENGINES = ("cheetah", "aby3")
DISCLOSURES = ("decision", "grade", "reasons", "score")


class RuleSerializer(serializers.Serializer[Any]):
    """One rule of a policy; its window is a number of days from now, or two instants."""

    id = serializers.RegexField(r"^[a-z0-9-]{1,40}$")
    grantees = serializers.ListField(child=serializers.CharField(max_length=18), max_length=200)
    purposes = serializers.ListField(child=serializers.CharField(max_length=60), max_length=40)
    models = serializers.ListField(child=serializers.RegexField(r"^sm3:[0-9a-f]{64}$"), max_length=40)
    engines = serializers.ListField(child=serializers.ChoiceField(ENGINES))
    disclosures = serializers.ListField(child=serializers.ChoiceField(DISCLOSURES))
    minimum_group = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    days = serializers.IntegerField(min_value=1, max_value=3660, required=False)
    not_before = serializers.DateTimeField(required=False)
    not_after = serializers.DateTimeField(required=False)
    uses = serializers.IntegerField(min_value=1, max_value=10**9)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one way to give the window."""
        if ("days" in attrs) == ("not_after" in attrs):
            raise serializers.ValidationError({"not_after": ["Give either days, or not_before and not_after."]})
        return attrs


def rule_of(given: dict[str, Any]) -> Rule:
    """The kernel's rule for validated fields."""
    begins = given.get("not_before") or clock.now()
    ends = given.get("not_after") or begins + timedelta(days=given["days"])
    return Rule(
        id=given["id"],
        grantees=tuple(given["grantees"]),
        purposes=tuple(given["purposes"]),
        models=tuple(given["models"]),
        engines=tuple(given["engines"]),
        disclosures=tuple(given["disclosures"]),
        minimum_group=given["minimum_group"],
        not_before=clock.to_ms(begins),
        not_after=clock.to_ms(ends),
        uses=given["uses"],
    )


class PolicyDraftSerializer(serializers.Serializer[Any]):
    """A policy to draft for a dataset; with `capsule` it is that capsule's next version."""

    dataset = serializers.UUIDField()
    capsule = serializers.UUIDField(required=False, allow_null=True)
    rules = RuleSerializer(many=True)


DraftedSerializer = inline_serializer(
    "DraftedPolicy",
    {
        "digest": serializers.CharField(),
        "capsule": serializers.UUIDField(),
        "version": serializers.IntegerField(),
        "sign_url": serializers.URLField(allow_null=True),
    },
)


class CapsuleSerializer(serializers.ModelSerializer[Capsule]):
    """A capsule in a list."""

    provider = serializers.CharField(source="provider.uscc")
    provider_name = serializers.CharField(source="provider.name")

    class Meta:
        model = Capsule
        fields = [
            "id", "provider", "provider_name", "dataset_id", "domain", "title", "rows", "state", "version",
            "header_digest", "policy_digest", "draft_digest", "sealed_at",
        ]  # fmt: skip


class CapsuleDetailSerializer(CapsuleSerializer):
    """A capsule with its policy, as document and as sentences, where the reader may see it."""

    policy = serializers.SerializerMethodField()
    sentences = serializers.SerializerMethodField()

    class Meta(CapsuleSerializer.Meta):
        fields = [*CapsuleSerializer.Meta.fields, "policy", "sentences"]

    def _policy(self, capsule: Capsule) -> Policy | None:
        head = selectors.head_of(capsule)
        return head.policy if head else None

    def get_policy(self, capsule: Capsule) -> dict[str, Any] | None:
        """The policy's canonical document."""
        policy = self._policy(capsule)
        return msgspec.to_builtins(policy) if policy else None

    def get_sentences(self, capsule: Capsule) -> dict[str, list[str]] | None:
        """Each rule in words, in Chinese and English."""
        policy = self._policy(capsule)
        if policy is None:
            return None
        return {language: policy_sentences(policy, language) for language in ("zh", "en")}


class PolicyDrafts(APIView):
    """Policies that wait for their signature in the owner's node."""

    @extend_schema(request=PolicyDraftSerializer, responses={201: DraftedSerializer, **problems(404, 422)})
    def post(self, request: Request) -> Response:
        """Draft a policy; it binds nobody until it was signed in the node."""
        fields = PolicyDraftSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        capsule = services.draft_policy(
            actor=actor_of(request),
            dataset_id=fields.validated_data["dataset"],
            capsule_id=fields.validated_data.get("capsule"),
            rules=[rule_of(rule) for rule in fields.validated_data["rules"]],
        )
        body = {
            "digest": capsule.draft_digest,
            "capsule": str(capsule.id),
            "version": capsule.version + 1,
            "sign_url": sign_url(actor_of(request), capsule.draft_digest),
        }
        return Response(body, status=status.HTTP_201_CREATED)


class CapsuleList(APIView):
    """The organisation's own capsules, or with `catalogue=1` those of others that it may see."""

    @extend_schema(responses={200: listing(CapsuleSerializer), **problems()})
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        read = selectors.catalogue if request.query_params.get("catalogue") else selectors.capsules_of
        return page_of(
            request,
            lambda before, limit: list(read(actor_of(request), before=before, limit=limit)),
            lambda capsule: CapsuleSerializer(capsule).data,
        )


class CapsuleDetail(APIView):
    """One capsule."""

    @extend_schema(responses={200: CapsuleDetailSerializer, **problems(404)})
    def get(self, request: Request, capsule_id: UUID) -> Response:
        """State, versions and policy."""
        capsule = selectors.get_for(actor_of(request), capsule_id, to=selectors.Act.READ)
        return Response(CapsuleDetailSerializer(capsule).data)
