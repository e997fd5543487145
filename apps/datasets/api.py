"""Datasets over the API: what their owner's node published, and nothing else."""

from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.datasets import selectors
from apps.datasets.models import Dataset
from apps.tenants.members import actor_of


class ColumnSerializer(serializers.Serializer[selectors.ColumnRow]):
    """One column's quality: counts and ratios, no value."""

    name = serializers.CharField()
    kind = serializers.CharField()
    level = serializers.IntegerField()
    ground = serializers.CharField()
    filled = serializers.IntegerField()
    valid = serializers.IntegerField()
    filled_ratio = serializers.FloatField(allow_null=True)
    valid_ratio = serializers.FloatField(allow_null=True)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset in a list."""

    class Meta:
        model = Dataset
        fields = ["id", "domain", "title", "rows", "accepted", "quarantined", "body_digest", "size", "measured_at"]


class DatasetDetailSerializer(DatasetSerializer):
    """A dataset with its columns' quality and why rows went to quarantine."""

    columns = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()

    class Meta(DatasetSerializer.Meta):
        fields = [*DatasetSerializer.Meta.fields, "columns", "faults"]

    @extend_schema_field(ColumnSerializer(many=True))
    def get_columns(self, dataset: Dataset) -> list[dict[str, object]]:
        """Quality by column, in the domain's order."""
        return [ColumnSerializer(row).data for row in selectors.columns_of(dataset)]

    def get_faults(self, dataset: Dataset) -> dict[str, int]:
        """Rows in quarantine by fault."""
        return {fault.code: fault.rows for fault in selectors.faults_of(dataset)}


class DatasetList(APIView):
    """The organisation's datasets, newest first."""

    @extend_schema(responses={200: listing(DatasetSerializer), **problems()})
    def get(self, request: Request) -> Response:
        """One page."""
        return page_of(
            request,
            lambda before, limit: list(selectors.datasets_of(actor_of(request), before=before, limit=limit)),
            lambda dataset: DatasetSerializer(dataset).data,
        )


class DatasetDetail(APIView):
    """One dataset."""

    @extend_schema(responses={200: DatasetDetailSerializer, **problems(404)})
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """Schema, counts and quality."""
        dataset = selectors.get_for(actor_of(request), dataset_id, to=selectors.Act.READ)
        return Response(DatasetDetailSerializer(dataset).data)
