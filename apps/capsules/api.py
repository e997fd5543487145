"""Capsules and policies over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.capsules import acts, derived, selectors, services
from apps.capsules.forms import columns_of_models, duties_and_derivation, whole_minute
from apps.capsules.models import Capsule
from apps.capsules.wording import policy_sentences
from apps.core import clock
from apps.core.errors import NotFound
from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.datasets import selectors as datasets
from apps.exchange.links import sign_url
from apps.tenants.members import actor_of
from creditzone.kernel.documents import Policy, Rule
from creditzone.kernel.policy.constraints import KINDS, Clause
from creditzone.kernel.policy.constraints.consent import EVIDENCE, Consent
from creditzone.kernel.policy.constraints.output import FORMS, STATISTIC
from creditzone.kernel.policy.odrl import policy_schema, to_odrl
from creditzone.kernel.policy.writing import permit

ENGINES = ("cheetah", "aby3")
DISCLOSURES = tuple(FORMS)


class RuleSerializer(serializers.Serializer[Any]):
    """One rule that permits; its window is a number of days from now, or two instants. `clauses` in the policy's own
    JSON take the place of those of their kind that follow from the other fields."""

    id = serializers.RegexField(r"^[a-z0-9-]{1,40}$")
    clauses = serializers.ListField(child=serializers.DictField(), max_length=len(KINDS), default=list)
    grantees = serializers.ListField(child=serializers.CharField(max_length=18), max_length=200)
    purposes = serializers.ListField(child=serializers.CharField(max_length=60), max_length=40)
    models = serializers.ListField(child=serializers.RegexField(r"^sm3:[0-9a-f]{64}$"), max_length=40)
    engines = serializers.ListField(child=serializers.ChoiceField(ENGINES))
    disclosures = serializers.ListField(child=serializers.ChoiceField(DISCLOSURES))
    minimum_group = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    max_rows = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    decision_bands = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=50, default=list)
    per_day = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    rows_per_day = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    notify = serializers.BooleanField(default=False)
    delete_after_days = serializers.IntegerField(min_value=1, max_value=3660, allow_null=True, default=None)
    generations = serializers.IntegerField(min_value=1, max_value=5, allow_null=True, default=None)
    per_subject = serializers.IntegerField(min_value=1, allow_null=True, default=None)
    days = serializers.IntegerField(min_value=1, max_value=3660, required=False)
    not_before = serializers.DateTimeField(required=False)
    not_after = serializers.DateTimeField(required=False)
    uses = serializers.IntegerField(min_value=1, max_value=10**9)
    evidence = serializers.ListField(child=serializers.ChoiceField(tuple(EVIDENCE)), default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one way to give the window."""
        if ("days" in attrs) == ("not_after" in attrs):
            raise serializers.ValidationError({"not_after": ["Give either days, or not_before and not_after."]})
        if STATISTIC in attrs["disclosures"] and attrs["minimum_group"] is None:
            raise serializers.ValidationError({"minimum_group": ["Statistics need a least number of firms."]})
        return attrs | {"clauses": clauses_of(attrs["clauses"])}


class DenialSerializer(serializers.Serializer[Any]):
    """One rule that denies, whatever another permits: its clauses in the policy's own JSON."""

    id = serializers.RegexField(r"^[a-z0-9-]{1,40}$")
    clauses = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=len(KINDS))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Clauses that a rule that denies can have."""
        try:
            return {"rule": Rule(id=attrs["id"], effect="deny", clauses=clauses_of(attrs["clauses"]))}
        except ValueError as error:
            raise serializers.ValidationError({"clauses": [str(error)]}) from error


def clauses_of(given: list[dict[str, Any]]) -> tuple[Clause, ...]:
    """Clauses in the order of their kinds. Raises ValidationError with what is wrong, and where."""
    try:
        read = msgspec.convert(given, type=tuple[Clause, ...])
    except msgspec.ValidationError as error:
        raise serializers.ValidationError({"clauses": [str(error)]}) from error
    found = {type(one): one for one in read}
    if len(found) < len(read):
        raise serializers.ValidationError({"clauses": ["Each kind of clause stands once."]})
    return tuple(found[kind] for kind in KINDS if kind in found)


def rule_of(given: dict[str, Any], *, domain: str) -> Rule:
    """The kernel's rule for validated fields; it lets in the columns that its scorecards read of the domain."""
    begins = given.get("not_before") or whole_minute(clock.now())
    ends = given.get("not_after") or begins + timedelta(days=given["days"])
    rule = permit(
        given["id"],
        grantees=given["grantees"],
        purposes=given["purposes"],
        models=given["models"],
        engines=given["engines"],
        disclosures=given["disclosures"],
        columns=columns_of_models(domain, given["models"], forms=given["disclosures"]),
        minimum_group=given["minimum_group"],
        max_rows=given["max_rows"],
        decision_bands=given["decision_bands"],
        per_day=given["per_day"],
        rows_per_day=given["rows_per_day"],
        per_subject=given["per_subject"],
        not_before=clock.to_ms(begins),
        not_after=clock.to_ms(ends),
        uses=given["uses"],
        more=_more(given),
    )
    clauses: dict[type, Clause] = {type(one): one for one in (*rule.clauses, *given["clauses"])}
    return msgspec.structs.replace(rule, clauses=tuple(clauses[kind] for kind in KINDS if kind in clauses))


def _more(given: dict[str, Any]) -> tuple[Clause, ...]:
    consent = (Consent(evidence=tuple(given["evidence"])),) if given["evidence"] else ()
    return (*consent, *duties_and_derivation(given))


class PolicyDraftSerializer(serializers.Serializer[Any]):
    """A policy to draft for a dataset; with `capsule` it is that capsule's next version. That of a derived dataset has
    its sources' rules and is given none."""

    dataset = serializers.UUIDField()
    capsule = serializers.UUIDField(required=False, allow_null=True)
    rules = RuleSerializer(many=True, default=list)
    denials = DenialSerializer(many=True, default=list)


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


class RecordSerializer(serializers.Serializer[Any]):
    """What became of a capsule, as signed documents, newest first: acts, and the certificates issued to the reader."""

    acts = serializers.ListField(child=serializers.DictField())
    certificates = serializers.ListField(child=serializers.DictField())


class PolicyDrafts(APIView):
    """Policies that wait for their signature in the owner's node."""

    @extend_schema(request=PolicyDraftSerializer, responses={201: DraftedSerializer, **problems(404, 422)})
    def post(self, request: Request) -> Response:
        """Draft a policy; it binds nobody until it was signed in the node."""
        fields = PolicyDraftSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        actor = actor_of(request)
        dataset = datasets.get_for(actor, fields.validated_data["dataset"], to=datasets.Act.DRAFT_POLICY)
        rules = [rule_of(rule, domain=dataset.domain) for rule in fields.validated_data["rules"]]
        rules += [one["rule"] for one in fields.validated_data["denials"]]
        if dataset.lineage and not rules:
            capsule = derived.draft_policy(actor=actor, dataset_id=dataset.id)
        else:
            capsule = services.draft_policy(
                actor=actor,
                dataset_id=dataset.id,
                capsule_id=fields.validated_data.get("capsule"),
                rules=rules,
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


class CapsuleRecord(APIView):
    """What became of a capsule."""

    @extend_schema(responses={200: RecordSerializer, **problems(404)})
    def get(self, request: Request, capsule_id: UUID) -> Response:
        """The signed acts and certificates."""
        capsule = selectors.get_for(actor_of(request), capsule_id, to=selectors.Act.READ)
        acted, certified = acts.acts_on(capsule), acts.certificates_of(capsule)
        body = {"acts": [one.document for one in acted], "certificates": [one.document for one in certified]}
        return Response(RecordSerializer(body).data)


class PolicySchema(APIView):
    """The JSON schema of usage policies."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """What a policy document may hold; what the schema does not know is refused."""
        return Response(policy_schema())


class CapsuleOdrl(APIView):
    """A capsule's policy for other systems."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **problems(404)})
    def get(self, request: Request, capsule_id: UUID) -> Response:
        """The policy of the head as ODRL 2.2; raises NotFound where there is none for this reader."""
        head = selectors.head_of(selectors.get_for(actor_of(request), capsule_id, to=selectors.Act.READ))
        if head is None:
            raise NotFound(what=_("policy"))
        return Response(to_odrl(head.policy))
