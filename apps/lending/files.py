"""The organisation's file of grades, as its page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import Forbidden
from apps.lending.models import TakenGrade
from apps.lending.selectors import MAY, Act
from apps.registry.models import Enterprise
from apps.scoring import selectors as scoring
from apps.tenants.members import Member
from apps.tenants.models import Person
from apps.tenants.roles import Kind, Role


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """One firm's grade in the file; `firm` is empty where the public register does not have it."""

    taken: TakenGrade
    firm: str
    card: str
    person: str


def grades(actor: Member, *, q: str = "", job: str = "", grade: str = "") -> QuerySet[TakenGrade]:
    """Grades in the bank's file; of codes that begin with `q`, of one job, of one grade. Raises Forbidden."""
    if actor.kind != Kind.BANK:
        raise Forbidden(act=Act.READ.label, role=Role(actor.role).label, ask=gettext_lazy("a bank"))
    if actor.role not in MAY[Act.READ]:
        raise Forbidden(act=Act.READ.label, role=Role(actor.role).label)
    wanted: dict[str, Any] = {"owner": actor.organisation_id}
    if q:
        wanted["subject_code__istartswith"] = q
    if job:
        wanted["job_id"] = job
    if grade:
        wanted["grade"] = grade
    return TakenGrade.objects.filter(**wanted).select_related("job")


def rows_of(found: Iterable[TakenGrade]) -> list[FileRow]:
    """The grades with names: firm, scorecard and who took them."""
    page = list(found)
    firms = {one.pk: one.name for one in Enterprise.objects.filter(pk__in=[row.subject_code for row in page])}
    cards = {card.digest: scoring.name_of(card) for card in scoring.cards()}
    people = {one.id: one.name for one in Person.objects.filter(pk__in=[row.person for row in page])}
    return [
        FileRow(
            taken=row,
            firm=firms.get(row.subject_code, ""),
            card=cards.get(row.model, row.model),
            person=people.get(row.person, _("a colleague")),
        )
        for row in page
    ]
