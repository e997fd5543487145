"""Contracts over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.contracts import selectors, services
from apps.contracts.models import Contract
from apps.core import clock
from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.exchange.links import sign_url
from apps.tenants.members import actor_of
from apps.tenants.selectors import organisation_by_code


class OfferSerializer(serializers.Serializer[Any]):
    """An offer of a capsule to a named user, at a price in fen for each matched firm."""

    capsule = serializers.UUIDField()
    consumer = serializers.CharField(max_length=18)
    purpose = serializers.CharField(max_length=60)
    price_fen = serializers.IntegerField(min_value=0, max_value=10**12)
    days = serializers.IntegerField(min_value=1, max_value=3660)


class ContractSerializer(serializers.ModelSerializer[Contract]):
    """A contract; `sign_url` leads to the reader's own node."""

    provider = serializers.CharField(source="provider.uscc")
    consumer = serializers.CharField(source="consumer.uscc")
    signed_by = serializers.SerializerMethodField()
    sign_url = serializers.SerializerMethodField()

    class Meta:
        model = Contract
        fields = [
            "id", "digest", "provider", "consumer", "capsule_id", "domain", "title", "policy_digest", "purpose",
            "price_fen", "not_before", "not_after", "state", "signed_by", "sign_url",
        ]  # fmt: skip

    def get_signed_by(self, contract: Contract) -> list[str]:
        """The codes of the parties that have signed."""
        return [party.uscc for party, has_signed in selectors.signers_of(contract) if has_signed]

    def get_sign_url(self, contract: Contract) -> str | None:
        """Where the reader signs or acts on it."""
        return sign_url(self.context["actor"], contract.digest)


def _show(request: Request, contract: Contract) -> Any:
    return ContractSerializer(contract, context={"actor": actor_of(request)}).data


class ContractList(APIView):
    """The organisation's contracts, as provider or as user."""

    @extend_schema(responses={200: listing(ContractSerializer), **problems()})
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        return page_of(
            request,
            lambda before, limit: selectors.contracts_of(actor_of(request), before=before, limit=limit),
            lambda contract: _show(request, contract),
        )

    @extend_schema(request=OfferSerializer, responses={201: ContractSerializer, **problems(404, 422)})
    def post(self, request: Request) -> Response:
        """Offer a capsule; both parties sign in their nodes before it holds."""
        fields = OfferSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        begins = clock.now()
        contract = services.offer(
            actor=actor_of(request),
            capsule_id=fields.validated_data["capsule"],
            consumer=organisation_by_code(fields.validated_data["consumer"]),
            purpose=fields.validated_data["purpose"],
            price_fen=fields.validated_data["price_fen"],
            not_before=begins,
            not_after=begins + timedelta(days=fields.validated_data["days"]),
        )
        return Response(_show(request, contract), status=status.HTTP_201_CREATED)


class ContractDetail(APIView):
    """One contract."""

    @extend_schema(responses={200: ContractSerializer, **problems(404)})
    def get(self, request: Request, contract_id: UUID) -> Response:
        """Terms, state and who has signed."""
        return Response(_show(request, selectors.get_for(actor_of(request), contract_id, to=selectors.Act.READ)))
