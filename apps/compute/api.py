"""Jobs and receipts over the API. Result rows are served by the recipient's own node, never here."""

from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.capsules.api import DISCLOSURES
from apps.compute import selectors, services
from apps.compute.models import Job
from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.exchange.links import sign_url
from apps.scoring.selectors import cards
from apps.tenants.members import actor_of
from creditzone.kernel.domain import domain
from creditzone.kernel.refusals import Refusal


class JobDraftSerializer(serializers.Serializer[Any]):
    """A job over one's own capsule and contracted ones, one of each domain that the scorecard needs."""

    title = serializers.CharField(max_length=400)
    model = serializers.RegexField(r"^sm3:[0-9a-f]{64}$")
    purpose = serializers.CharField(max_length=60)
    disclosures = serializers.ListField(child=serializers.ChoiceField(DISCLOSURES), min_length=1)
    decision_band = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)
    minimum_group = serializers.IntegerField(min_value=10, required=False, allow_null=True, default=None)
    grouping = serializers.ChoiceField(["province"], required=False, allow_null=True, default=None)
    consent = serializers.ChoiceField(["declared", "signed"], required=False, default="declared")
    capsules = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=3)


class EnquiryDraftSerializer(serializers.Serializer[Any]):
    """A firm's enquiry about itself, by the zone's public scorecard unless another is named."""

    model = serializers.RegexField(r"^sm3:[0-9a-f]{64}$", required=False)
    title = serializers.CharField(max_length=400, required=False, default="")


class CancelSerializer(serializers.Serializer[Any]):
    """Why a job is cancelled."""

    reason = serializers.CharField(max_length=400)


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job in a list; `sign_url` leads to the reader's own node while it waits for its signature."""

    recipient = serializers.CharField(source="recipient.uscc")
    sign_url = serializers.SerializerMethodField()
    reason_words = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "title", "digest", "recipient", "model", "engine", "purpose", "state", "attempt", "reason", "facts",
            "reason_words", "authorisation_digest", "created_at", "started_at", "ended_at", "expires_at", "sign_url",
        ]  # fmt: skip

    def get_sign_url(self, job: Job) -> str | None:
        """Where its recipient reads and signs the request."""
        actor = self.context["actor"]
        is_waiting = job.state == Job.State.DRAFTED and job.owner == actor.organisation_id
        return sign_url(actor, job.digest) if is_waiting else None

    def get_reason_words(self, job: Job) -> dict[str, str] | None:
        """Why it ended, and what to do, in Chinese and English."""
        if not job.reason:
            return None
        refusal = Refusal(job.reason, job.facts)
        return {
            "zh": refusal.sentence("zh"),
            "en": refusal.sentence("en"),
            "remedy_zh": refusal.remedy("zh"),
            "remedy_en": refusal.remedy("en"),
        }


class JobDetailSerializer(JobSerializer):
    """A job with its stages, and who saw what."""

    stages = serializers.SerializerMethodField()
    lanes = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "stages", "lanes"]

    def get_stages(self, job: Job) -> list[dict[str, Any]]:
        """The five stages of the latest attempt."""
        return [msgspec.to_builtins(stage) for stage in selectors.stages(job)]

    def get_lanes(self, job: Job) -> list[dict[str, Any]]:
        """Each party's lane, computed from the signed receipts alone."""
        return [
            {
                "party": lane.party.uscc,
                "receipt": lane.receipt,
                "is_valid": lane.is_valid,
                "matched": lane.matched,
                "put_in": [msgspec.to_builtins(one) for one in lane.put_in],
                "left": [msgspec.to_builtins(one) for one in lane.left],
                "learned": [msgspec.to_builtins(one) for one in lane.learned],
            }
            for lane in selectors.lanes(job, self.context["actor"])
        ]


ReceiptSerializer = inline_serializer(
    "SignedReceipt",
    {
        "party": serializers.CharField(),
        "digest": serializers.CharField(),
        "is_valid": serializers.BooleanField(),
        "text": serializers.CharField(),
        "signatures": serializers.ListField(child=serializers.DictField()),
    },
)


def _show(request: Request, job: Job, how: type[JobSerializer] = JobSerializer) -> Any:
    return how(job, context={"actor": actor_of(request)}).data


class JobList(APIView):
    """The jobs that the organisation takes part in."""

    @extend_schema(responses={200: listing(JobSerializer), **problems()})
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        return page_of(
            request,
            lambda before, limit: selectors.jobs_of(actor_of(request), before=before, limit=limit),
            lambda job: _show(request, job),
        )

    @extend_schema(request=JobDraftSerializer, responses={201: JobSerializer, **problems(404, 422)})
    def post(self, request: Request) -> Response:
        """Draft a job; it is queued once its request was signed in the recipient's node."""
        fields = JobDraftSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        given = dict(fields.validated_data)
        capsule_ids = given.pop("capsules")
        job = services.draft_job(actor=actor_of(request), capsule_ids=capsule_ids, **given)
        return Response(_show(request, job), status=status.HTTP_201_CREATED)


class EnquiryList(APIView):
    """A firm asks about itself."""

    @extend_schema(request=EnquiryDraftSerializer, responses={201: JobSerializer, **problems(422)})
    def post(self, request: Request) -> Response:
        """Draft authorisation and request, both to be signed in the firm's hosted node."""
        fields = EnquiryDraftSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        model = fields.validated_data.get("model") or public_card()
        job = services.draft_enquiry(actor=actor_of(request), model=model, title=fields.validated_data["title"])
        return Response(_show(request, job), status=status.HTTP_201_CREATED)


def public_card() -> str:
    """The digest of the zone's public scorecard: the newest that needs no bank's list, nor what was made of one."""
    return next(card.digest for card in cards() if not any(domain(one).bears_authorisations for one in card.domains))


class JobDetail(APIView):
    """One job."""

    @extend_schema(responses={200: JobDetailSerializer, **problems(404)})
    def get(self, request: Request, job_id: UUID) -> Response:
        """State, stages, and who saw what."""
        job = selectors.get_for(actor_of(request), job_id, to=selectors.Act.READ)
        return Response(_show(request, job, JobDetailSerializer))


class JobCancel(APIView):
    """The end of a job before its time."""

    @extend_schema(request=CancelSerializer, responses={200: JobSerializer, **problems(404, 409, 422)})
    def post(self, request: Request, job_id: UUID) -> Response:
        """Cancel it; nodes that work on it stop."""
        fields = CancelSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        job = services.cancel_job(actor=actor_of(request), job_id=job_id, reason=fields.validated_data["reason"])
        return Response(_show(request, job))


class JobReceipts(APIView):
    """A job's receipts, verbatim, so that anybody can verify them again."""

    @extend_schema(responses={200: listing(type(ReceiptSerializer)), **problems(404)})
    def get(self, request: Request, job_id: UUID) -> Response:
        """Each party's signed receipt of the latest attempt, and whether it verifies now."""
        job = selectors.get_for(actor_of(request), job_id, to=selectors.Act.READ)
        rows = [
            {
                "party": row.party.uscc,
                "digest": row.digest,
                "is_valid": row.is_valid,
                "text": row.signed.text,
                "signatures": msgspec.to_builtins(row.signed.signatures),
            }
            for row in selectors.receipts_of(job)
        ]
        return Response({"results": rows, "next": None})
