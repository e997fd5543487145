"""Registered scorecards over the API: every signed-in organisation reads every card."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.schema import listing, problems
from apps.scoring import selectors
from apps.scoring.models import Scorecard


class ScorecardSerializer(serializers.ModelSerializer[Scorecard]):
    """A scorecard in a list."""

    id = serializers.CharField(source="card")
    grades = serializers.SerializerMethodField()

    class Meta:
        model = Scorecard
        fields = ["id", "digest", "version", "name", "name_en", "domains", "grades", "registered_at"]

    def get_grades(self, card: Scorecard) -> list[str]:
        """From worst to best."""
        return list(card.document.grades)


class ScorecardDetailSerializer(ScorecardSerializer):
    """A scorecard with its document and what was measured of it."""

    document = serializers.SerializerMethodField()
    model_card = serializers.JSONField()

    class Meta(ScorecardSerializer.Meta):
        fields = [*ScorecardSerializer.Meta.fields, "document", "model_card"]

    def get_document(self, card: Scorecard) -> Any:
        """Bins, points and cuts."""
        return card.to_builtins()


class ScorecardList(APIView):
    """All registered scorecards; there are few."""

    @extend_schema(responses={200: listing(ScorecardSerializer), **problems()})
    def get(self, request: Request) -> Response:
        """By name, the newest version first."""
        return Response({"results": ScorecardSerializer(selectors.cards(), many=True).data, "next": None})


class ScorecardDetail(APIView):
    """One scorecard."""

    @extend_schema(responses={200: ScorecardDetailSerializer, **problems(404)})
    def get(self, request: Request, digest: str) -> Response:
        """The document and its model card."""
        return Response(ScorecardDetailSerializer(selectors.get_card(digest)).data)
