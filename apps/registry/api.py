"""The public register for programs: search by code or name prefix, one firm by its code."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets

from apps.core.api import NewestFirst
from apps.registry import selectors
from apps.registry.models import Enterprise


class EnterpriseSerializer(serializers.ModelSerializer[Enterprise]):
    """A firm as the public register shows it."""

    class Meta:
        model = Enterprise
        fields = ["uscc", "name", "industry", "division", "status", "established", "source", "as_of"]
        read_only_fields = fields


class ByCode(NewestFirst):
    """Pages along the code: no count, no offset."""

    ordering = "uscc"


@extend_schema_view(
    list=extend_schema(
        summary="Firms whose code or name begins with `q`",
        parameters=[OpenApiParameter("q", str, description="the beginning of a code or of a name")],
    ),
    retrieve=extend_schema(summary="One firm of the public register"),
)
class EnterpriseViewSet(viewsets.ReadOnlyModelViewSet[Enterprise]):
    """The public register (依法公示): readable by every signed-in organisation."""

    serializer_class = EnterpriseSerializer
    pagination_class = ByCode
    queryset = Enterprise.objects.none()
    lookup_field = "uscc"
    lookup_value_regex = "[0-9A-Za-z]{18}"

    def get_queryset(self) -> QuerySet[Enterprise]:
        """The firms that the query asks for."""
        return selectors.search(self.request.query_params.get("q", "")).firms

    def get_object(self) -> Any:
        """The firm, by its code; NotFound in the same words as the page's."""
        return selectors.firm(self.kwargs["uscc"])
