"""What the OpenAPI document says about signing in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


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
