"""The zone-wide rules over the API: everybody reads them, the governor drafts them."""

from typing import Any

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import Invalid
from apps.core.schema import problems
from apps.exchange.links import sign_url
from apps.governance import selectors, services
from apps.tenants.members import actor_of
from creditzone.kernel.documents import Floors, Template


class RulesSerializer(serializers.Serializer[Any]):
    """Zone-wide rules to draft; floors and templates are the parts of the document `zone-rules`."""

    purposes = serializers.ListField(child=serializers.CharField(max_length=60), max_length=40)
    floors = serializers.DictField()
    templates = serializers.ListField(child=serializers.DictField(), max_length=40)


DraftedSerializer = inline_serializer(
    "DraftedZoneRules",
    {
        "digest": serializers.CharField(),
        "version": serializers.IntegerField(),
        "sign_url": serializers.URLField(allow_null=True),
    },
)


class ZoneRulesList(APIView):
    """The version in force and those before."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT, **problems()})
    def get(self, request: Request) -> Response:
        """Every signed version, newest first: number, digest, the document and its signature."""
        versions = [
            {
                "version": one.version,
                "digest": one.digest,
                "signed_at": one.signed_at,
                "signed": one.signed,
                "document": msgspec.to_builtins(one.document),
            }
            for one in selectors.history()
        ]
        return Response({"results": versions})

    @extend_schema(request=RulesSerializer, responses={201: DraftedSerializer, **problems(403, 422)})
    def post(self, request: Request) -> Response:
        """Draft the next version; it binds nobody until it was signed in the governor's node."""
        fields = RulesSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        given = fields.validated_data
        actor = actor_of(request)
        try:
            floors = msgspec.convert(given["floors"], Floors)
            templates = msgspec.convert(given["templates"], list[Template])
        except msgspec.ValidationError as error:
            raise Invalid.of("templates", str(error)) from None
        rules = services.draft_rules(actor=actor, purposes=given["purposes"], floors=floors, templates=templates)
        body = {"digest": rules.digest, "version": rules.version, "sign_url": sign_url(actor, rules.digest)}
        return Response(body, status=status.HTTP_201_CREATED)
