"""Votes for looser rules over the API."""

from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import Invalid
from apps.core.schema import problems
from apps.exchange.links import sign_url
from apps.tenants.members import actor_of
from apps.votes import services
from apps.votes.models import Vote
from creditzone.kernel.documents import Rule


class AskSerializer(serializers.Serializer[Any]):
    """A question to the owners of what a derived capsule was made of; rules are those of the document `policy`."""

    capsule = serializers.UUIDField()
    rules = serializers.ListField(child=serializers.DictField(), max_length=50)
    open_days = serializers.IntegerField(min_value=1, max_value=services.MOST_DAYS, default=30)


def shown(vote: Vote) -> dict[str, Any]:
    """A vote as the API gives it."""
    return {
        "id": str(vote.id),
        "capsule": str(vote.capsule_id),
        "digest": vote.digest,
        "state": vote.state,
        "expires_at": vote.expires_at,
        "missing": vote.missing,
        "document": msgspec.to_builtins(vote.document),
    }


class Votes(APIView):
    """The organisation's own votes."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **problems()})
    def get(self, request: Request) -> Response:
        """The newest fifty."""
        found = Vote.objects.filter(owner=actor_of(request).organisation_id)[:50]
        return Response({"results": [shown(vote) for vote in found]})

    @extend_schema(request=AskSerializer, responses={201: OpenApiTypes.OBJECT, **problems(403, 404, 422)})
    def post(self, request: Request) -> Response:
        """Ask; each owner finds the question in its node, and none of them binds anybody alone."""
        fields = AskSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        given = fields.validated_data
        try:
            rules = msgspec.convert(given["rules"], list[Rule])
        except msgspec.ValidationError as error:
            raise Invalid.of("rules", str(error)) from None
        actor = actor_of(request)
        vote = services.ask(actor=actor, capsule_id=given["capsule"], rules=rules, days=given["open_days"])
        return Response(shown(vote), status=status.HTTP_201_CREATED)


class VotedPolicy(APIView):
    """The policy that all owners agreed to."""

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT, **problems(403, 404, 422)})
    def post(self, request: Request, vote_id: UUID) -> Response:
        """Draft it for the own node."""
        actor = actor_of(request)
        capsule = services.draft_policy(actor=actor, vote_id=vote_id)
        body = {
            "digest": capsule.draft_digest,
            "version": capsule.version + 1,
            "sign_url": sign_url(actor, capsule.draft_digest),
        }
        return Response(body, status=status.HTTP_201_CREATED)
