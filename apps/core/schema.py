"""What the OpenAPI document says alike of every endpoint: signing in, pages, refusals."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

PROBLEM = "application/problem+json"


class ActorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names the two ways in."""

    target_class = "apps.core.api.ActorAuthentication"
    name = ["session", "token"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """A signed-in browser's cookie, or a bearer token."""
        return [
            {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
            {"type": "http", "scheme": "bearer"},
        ]


class PageSchema(AutoSchema):
    """Names a GET of a collection `list`, though its answer is a page and no bare list."""

    def get_operation_id(self) -> str:
        """As the framework names it, but for collections."""
        named = super().get_operation_id()
        is_collection = self.method == "GET" and not self.path.rstrip("/").endswith("}")
        return f"{named.removesuffix('_retrieve')}_list" if is_collection and named.endswith("_retrieve") else named


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457)."""

    type = serializers.CharField()
    code = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    remedy = serializers.CharField(required=False)
    errors = serializers.DictField(child=serializers.ListField(), required=False)  # type: ignore[assignment]
    facts = serializers.DictField(required=False)
    incident = serializers.CharField(required=False)


def problems(*statuses: int) -> dict[tuple[int, str], Any]:
    """The refusals that an endpoint may answer with, for its documentation; not signed in is always one of them."""
    return {(status, PROBLEM): ProblemSerializer for status in sorted({401, 403, *statuses})}


def listing(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """The shape of one keyset page of `row`."""
    name = row.__name__.removesuffix("Serializer")
    return inline_serializer(f"{name}Page", {"results": row(many=True), "next": serializers.URLField(allow_null=True)})
