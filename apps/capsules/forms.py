"""Forms of capsules: the rules of a policy, and the acts that end with the object's name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.datasets.wording import language
from apps.scoring import selectors as scoring
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind
from apps.ui.templatetags.ui import called
from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.columns import ColumnUse
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.environment import ENGINES
from creditzone.kernel.policy.constraints.output import FORMS, Output
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose
from creditzone.kernel.policy.writing import columns_for, permit

MOST_RULES = 6
DAYS_MAX, USES_MAX = 3660, 10**9
GRANTEE_KINDS = (Kind.BANK, Kind.CODE_CENTRE, Kind.PLATFORM)
LISTS = ("grantees", "purposes", "models", "engines", "disclosures")
DISCLOSURES = ("decision", "grade", "reasons", "score")
"""What a job may ask for; statistics are no job yet."""
SINGLE = (
    "id", "days", "uses", "minimum_group", "per_day", "max_rows", "rows_per_day", "per_subject", "decision_band",
    "opens", "closes", "generations", "notify", "delete_after_days",
)  # fmt: skip
LIMITS = ("minimum_group", "per_day", "max_rows", "rows_per_day", "per_subject")
NONE_CHOSEN = {"required": _("Choose at least one; none allows nothing.")}


def _several(label: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, widget=forms.CheckboxSelectMultiple, error_messages=NONE_CHOSEN
    )


_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class RuleForm(forms.Form):
    """One rule of a policy; several stand side by side, each with its own prefix."""

    id = forms.CharField(widget=forms.HiddenInput, validators=[RegexValidator(r"^[a-z0-9-]{1,40}$")])
    grantees = _several(_("Users"), _("Matched by code. “The firm itself” is whoever asks about its own firm."))
    purposes = _several(_("Purposes"), _("A purpose includes what stands under it."))
    models = _several(_("Scorecards"), _("Those that read this data domain; each is named by its digest."))
    disclosures = _several(_("What comes back"), _("The less comes back, the less can be inferred."))
    engines = _several(_("Engines"), _("Both compute sealed, in the semi-honest model; no hardware attests them."))
    days = forms.IntegerField(label=_("Valid for days, from today"), min_value=1, max_value=DAYS_MAX)
    uses = forms.IntegerField(
        label=_("Uses in all"), min_value=1, max_value=USES_MAX, help_text=_("One job is one use; your node counts.")
    )
    minimum_group = forms.IntegerField(
        label=_("Least firms of a statistic"),
        required=False,
        min_value=10,
        max_value=10**6,
        help_text=_("For statistics only: a firm's own result is guarded by its authorisation."),
        error_messages={"min_value": _("Statistics rest on at least 10 firms.")},
    )
    per_day = forms.IntegerField(label=_("Uses a day"), required=False, min_value=1, max_value=USES_MAX)
    max_rows = forms.IntegerField(label=_("Firms a job, at most"), required=False, min_value=1, max_value=10**9)
    rows_per_day = forms.IntegerField(label=_("Firms a day, at most"), required=False, min_value=1, max_value=10**9)
    per_subject = forms.IntegerField(
        label=_("Uses of one firm by one user"),
        required=False,
        min_value=1,
        max_value=USES_MAX,
        help_text=_("Against points that are chosen to learn yours. A firm beyond it is left out of the job."),
    )
    decision_band = forms.IntegerField(
        label=_("Lowest band of a decision"),
        required=False,
        min_value=1,
        max_value=50,
        help_text=_("Bands count from the worst, which is 0. Empty: the user chooses."),
    )
    opens = forms.TimeField(label=_("Open daily from"), required=False, widget=_TIME)
    closes = forms.TimeField(label=_("until"), required=False, widget=_TIME, help_text=_("Shanghai time."))

    notify = forms.BooleanField(
        label=_("Tell us of each use"), required=False, help_text=_("A notice at the portal for each job that used it.")
    )
    delete_after_days = forms.IntegerField(
        label=_("Results are deleted after, days"),
        required=False,
        min_value=1,
        max_value=3660,
        help_text=_("The user's node deletes the sealed result and certifies it. Exported files stay. Empty: never."),
    )
    generations = forms.IntegerField(
        label=_("Results may be inputs again, generations"),
        required=False,
        min_value=1,
        max_value=5,
        help_text=_("What is derived carries the strictest of all its sources' rules. Empty: never."),
    )

    def __init__(self, *args: Any, domain: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.domain = domain
        self._choices("grantees", _grantees())
        self._choices("purposes", [(code, say_purpose(code, language())) for code in PURPOSES])
        self._choices("models", _models(domain))
        at = 0 if language() == "zh" else 1
        self._choices("disclosures", [(code, FORMS[code][at]) for code in DISCLOSURES])
        self._choices("engines", [(code, words[at]) for code, words in ENGINES.items()])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    @property
    def has_limits(self) -> bool:
        """Whether one of the folded fields is filled in, or wrong."""
        folded = (
            "minimum_group", "max_rows", "rows_per_day", "per_subject", "decision_band", "opens", "closes",
            "generations", "delete_after_days",
        )  # fmt: skip
        return any(self[name].value() not in (None, "") or self[name].errors for name in folded)

    def rule(self, *, since: datetime) -> Rule:
        """The kernel's rule for the validated fields; its window begins at `since`."""
        given = self.cleaned_data
        lists: dict[str, Any] = {name: tuple(given[name]) for name in LISTS}
        return permit(
            given["id"],
            **lists,
            columns=columns_of_models(self.domain, given["models"]),
            **_limits(given),
            not_before=clock.to_ms(since),
            not_after=clock.to_ms(since + timedelta(days=given["days"])),
            uses=given["uses"],
        )

    def clean(self) -> dict[str, Any]:
        """Hours have two different ends."""
        given = super().clean() or {}
        opens, closes = given.get("opens"), given.get("closes")
        if (opens is None) != (closes is None) or (opens is not None and opens == closes):
            self.add_error("closes", _("Give both hours, and two different ones; or neither."))
        return given

    def sketch(self, *, since: datetime) -> Rule:
        """The rule as far as it is filled in: for its sentence only, with a word where nothing was chosen."""
        self.is_valid()
        given = self.cleaned_data
        blank = (gettext("not chosen"),)
        days = given.get("days") or 0
        parts: dict[str, Any] = {name: tuple(given.get(name) or blank) for name in LISTS}
        return permit(
            "rule",
            **parts,
            columns=columns_of_models(self.domain, given.get("models") or ()),
            **_limits(given),
            not_before=clock.to_ms(since),
            not_after=clock.to_ms(since + timedelta(days=days)),
            uses=given.get("uses") or 0,
        )


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule need not say, as far as it is filled in."""
    opens, closes, band = given.get("opens"), given.get("closes"), given.get("decision_band")
    hours: tuple[Daily, ...] = ()
    if opens is not None and closes is not None and opens != closes:
        since, until = (moment.hour * 60 + moment.minute for moment in (opens, closes))
        hours = (Daily(since=since, until=until, zone="Asia/Shanghai"),)
    return {
        **{name: given.get(name) for name in LIMITS},
        "decision_bands": () if band is None else (band,),
        "daily": hours,
        "more": duties_and_derivation(given),
    }


def duties_and_derivation(given: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The clauses that a rule need not have, in their order: what a use obliges to, and what may be made of it."""
    notify, days = bool(given.get("notify")), given.get("delete_after_days")
    duties = (Duties(notify=notify, delete_after_days=days),) if notify or days else ()
    generations = given.get("generations")
    return (*duties, *(() if generations is None else (Derivation(generations=generations),)))


def _grantees() -> list[tuple[str, str]]:
    named = Organisation.objects.filter(kind__in=GRANTEE_KINDS).order_by("kind", "id")
    return [*((one.uscc, called(one)) for one in named), (SUBJECT, gettext("the firm itself"))]


def _models(domain: str) -> list[tuple[str, str]]:
    return [(card.digest, scoring.name_of(card)) for card in scoring.cards() if domain in card.domains]


def columns_of_models(domain: str, models: Iterable[str]) -> tuple[ColumnUse, ...]:
    """The columns of a domain that these registered scorecards read, and those by which rows are matched."""
    chosen = set(models)
    return columns_for(domain, [card.document for card in scoring.cards() if card.digest in chosen])


def template_rules(name: str, *, actor: Member, domain: str) -> list[dict[str, Any]]:
    """What a template fills in, rule by rule."""
    cards = [card for card in scoring.cards() if domain in card.domains]
    common: dict[str, Any] = {"engines": list(ENGINES), "days": 30, "uses": 40}
    for_banks = {
        **common,
        "id": "credit-risk",
        "grantees": [actor.organisation.uscc] if actor.kind == Kind.BANK else _banks(),
        "purposes": ["credit-risk/pre-loan", "credit-risk/in-loan"],
        "models": [card.digest for card in cards if "balance_sheet" in card.domains],
        "disclosures": ["grade"],
    }
    for_firms = {
        **common,
        "id": "self-enquiry",
        "grantees": [SUBJECT],
        "purposes": ["self-enquiry"],
        "models": [card.digest for card in cards if "balance_sheet" not in card.domains],
        "engines": ["cheetah"],  # code centre and platform: two parties
        "disclosures": ["grade", "reasons"],
        "uses": 1000,
    }
    templates: dict[str, list[dict[str, Any]]] = {
        "credit-risk": [for_banks],
        "self-enquiry": [for_firms],
        "both": [for_banks, for_firms],
        "blank": [{"id": "rule-1"}],
    }
    return templates[name]


def _banks() -> list[str]:
    return list(Organisation.objects.filter(kind=Kind.BANK).values_list("uscc", flat=True))


def rule_values(rule: Rule) -> dict[str, Any]:
    """What an existing rule fills in; its window is as long as it was, from today."""
    day = 86_400_000
    return {
        "id": rule.id,
        **{name: list(getattr(rule, name)) for name in LISTS},
        "days": max(1, round((rule.not_after - rule.not_before) / day)),
        "uses": rule.uses,
        **_limit_values(rule),
    }


def _limit_values(rule: Rule) -> dict[str, Any]:
    derivation, duties = rule.clause(Derivation), rule.clause(Duties)
    output, count, hours = rule.of(Output), rule.of(Count), rule.of(Window).daily
    return {
        "minimum_group": output.minimum_group,
        "max_rows": output.max_rows,
        "decision_band": output.decision_bands[0] if output.decision_bands else None,
        "per_day": count.per_day,
        "rows_per_day": count.rows_per_day,
        "per_subject": count.per_subject,
        "opens": _clock(hours[0].since) if hours else None,
        "closes": _clock(hours[0].until) if hours else None,
        "notify": duties is not None and duties.notify,
        "delete_after_days": duties.delete_after_days if duties else None,
        "generations": derivation.generations if derivation and derivation.generations else None,
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def raw_values(data: Any, prefix: str) -> dict[str, Any]:
    """What stands in one rule's fields, unchecked, so that adding a rule loses nothing and blames nobody."""
    single = {name: data.get(f"{prefix}-{name}", "") for name in SINGLE}
    return {**single, **{name: data.getlist(f"{prefix}-{name}") for name in LISTS}}


def initial_forms(values: Sequence[Mapping[str, Any]], *, domain: str) -> list[RuleForm]:
    """Unbound forms that show these values."""
    return [RuleForm(initial=dict(one), prefix=f"r{at}", domain=domain) for at, one in enumerate(values, start=1)]


def bound_forms(data: Any, count: int, *, domain: str) -> list[RuleForm]:
    """Forms bound to what was sent."""
    return [RuleForm(data, prefix=f"r{at}", domain=domain) for at in range(1, count + 1)]
