"""What the OpenAPI document says alike of every endpoint: signing in, pages, refusals."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
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


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457)."""

    type = serializers.URLField()
    code = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    remedy = serializers.CharField(required=False)
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)


def problems(*statuses: int) -> dict[tuple[int, str], Any]:
    """The refusals that an endpoint may answer with, for its documentation; not signed in is always one of them."""
    return {(status, PROBLEM): ProblemSerializer for status in sorted({401, 403, *statuses})}


def listing(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """The shape of one keyset page of `row`."""
    name = row.__name__.removesuffix("Serializer")
    return inline_serializer(f"{name}Page", {"results": row(many=True), "next": serializers.URLField(allow_null=True)})
