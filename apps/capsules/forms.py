"""Forms of capsules: the rules of a policy, and the acts that end with the object's name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.capsules.column_fields import COLUMN, as_chosen, column_fields, column_values, offer_kept
from apps.capsules.kept import ZONE, hours_shown, with_kept
from apps.capsules.wording import FLOOR_FIELDS, say_refusal
from apps.core import clock
from apps.datasets.wording import language
from apps.governance import selectors as governance
from apps.scoring import selectors as scoring
from apps.scoring.models import Scorecard
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind
from apps.ui.choices import offer_choices
from apps.ui.templatetags.ui import called
from creditzone.kernel.documents import Rule, Template
from creditzone.kernel.policy.constraints import KINDS, Clause
from creditzone.kernel.policy.constraints.base import Constraint
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import ColumnUse
from creditzone.kernel.policy.constraints.consent import EVIDENCE, Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.environment import ENGINES, Environment
from creditzone.kernel.policy.constraints.output import FORMS, STATISTIC, Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import SUBJECT, Subject
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.policy.floors import rule_undercuts
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose
from creditzone.kernel.policy.writing import columns_for, permit

MOST_RULES = 6
DAYS_MAX, USES_MAX = 3660, 10**9
DAY_MS = 86_400_000
GRANTEE_KINDS = (Kind.BANK, Kind.CODE_CENTRE, Kind.PLATFORM)
LISTS = ("grantees", "purposes", "models", "engines", "disclosures")
SINGLE = (
    "id", "template", "days", "uses", "minimum_group", "per_day", "max_rows", "rows_per_day", "per_subject",
    "decision_band", "opens", "closes", "generations", "evidence", "notify", "delete_after_days",
)  # fmt: skip
LIMITS = ("minimum_group", "per_day", "max_rows", "rows_per_day", "per_subject")
BASIC = ("grantees", "purposes", "models", "disclosures", "engines", "days", "uses", "per_day")
FOLDED = (
    "minimum_group", "max_rows", "rows_per_day", "per_subject", "decision_band", "evidence", "opens", "closes",
    "delete_after_days", "notify", "generations",
)  # fmt: skip
FIELD_OF: dict[type[Constraint], str] = {
    Subject: "grantees", Purpose: "purposes", Code: "models", Output: "disclosures", Environment: "engines",
    Count: "uses",
}  # fmt: skip
"""The field in which a steward chooses a kind of clause; the others follow from these."""
NONE_CHOSEN = {"required": _("Choose at least one; none allows nothing.")}


def several(label: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    """A list to choose from, at least one."""
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, widget=forms.CheckboxSelectMultiple, error_messages=NONE_CHOSEN
    )


_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class RuleForm(forms.Form):
    """One rule of a policy; several stand side by side, each with its own prefix."""

    id = forms.CharField(widget=forms.HiddenInput, validators=[RegexValidator(r"^[a-z0-9-]{1,40}$")])
    template = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    grantees = several(_("Users"), _("Matched by code. “The firm itself” is whoever asks about its own firm."))
    purposes = several(_("Purposes"), _("A purpose includes what stands under it."))
    models = several(_("Scorecards"), _("Those that read this data domain; each is named by its digest."))
    disclosures = several(_("What comes back"), _("The less comes back, the less can be inferred."))
    engines = several(_("Engines"), _("Both compute sealed, in the semi-honest model; no hardware attests them."))
    days = forms.IntegerField(label=_("Valid for days, from today"), min_value=1, max_value=DAYS_MAX)
    uses = forms.IntegerField(
        label=_("Uses in all"), min_value=1, max_value=USES_MAX, help_text=_("One job is one use; your node counts.")
    )
    minimum_group = forms.IntegerField(
        label=_("Least firms of a statistic"),
        required=False,
        min_value=2,
        max_value=10**6,
        help_text=_("For statistics only: a firm's own result is guarded by its authorisation."),
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
    evidence = forms.ChoiceField(
        label=_("What shows that firms agree"),
        required=False,
        help_text=_("Rows without a live authorisation drop out."),
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

    def __init__(self, *args: Any, domain: str, former: Sequence[Rule] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.domain = domain
        self.former = {rule.id: rule for rule in former}
        self.holds_floors = True
        cards = cards_reading(domain)
        self.cards = {card.digest: card.document for card in cards}
        self.fields |= column_fields(domain, list(self.cards.values()))
        offer_kept(self.column_fields)
        offer_choices(self, "grantees", grantee_choices())
        offer_choices(self, "purposes", [(code, say_purpose(code, language())) for code in PURPOSES])
        offer_choices(self, "models", named_choices(cards))
        at = 0 if language() == "zh" else 1
        offer_choices(self, "disclosures", [(code, words[at]) for code, words in FORMS.items()])
        kinds = [(code, words[at]) for code, words in EVIDENCE.items()]
        offer_choices(self, "evidence", [("", gettext("either")), *kinds])
        offer_choices(self, "engines", [(code, words[at]) for code, words in ENGINES.items()])

    @cached_property
    def begun_with(self) -> Template | None:
        """The template of the zone-wide rules that the rule was begun with."""
        name = str(self["template"].value() or "")
        return next((one for one in zone_templates() if one.id == name), None)

    @property
    def open_fields(self) -> list[forms.BoundField]:
        """The fields that a steward has to fill in: what the template leaves open, or all that every rule needs."""
        return [self[name] for name in BASIC if self._is_open(name)]

    @property
    def settled_fields(self) -> list[forms.BoundField]:
        """What the template has settled, and limits that a rule need not have."""
        return [self[name] for name in (*BASIC, *FOLDED) if name in FOLDED or not self._is_open(name)]

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """How each column that a scorecard reads may enter."""
        return [self[name] for name in self.fields if name.startswith(COLUMN)]

    @property
    def has_changed_columns(self) -> bool:
        """Whether one of them does not enter as it is."""
        return any(one.value() for one in self.column_fields)

    def _is_open(self, name: str) -> bool:
        return self.begun_with is None or name in {FIELD_OF[kind] for kind in self.begun_with.open if kind in FIELD_OF}

    @property
    def has_limits(self) -> bool:
        """Whether one of the folded fields is wrong or, without a template, filled in."""
        shown = () if self.begun_with else FOLDED
        return any(one.errors for one in self.settled_fields) or any(self[name].value() for name in shown)

    def rule(self, *, since: datetime) -> Rule:
        """The kernel's rule for the validated fields; its window begins at `since`."""
        given = self.cleaned_data
        lists: dict[str, Any] = {name: tuple(given[name]) for name in LISTS}
        rule = permit(
            given["id"],
            **lists,
            columns=self._columns(given, forms=given["disclosures"]),
            **_limits(given),
            more=self._more(given),
            not_before=clock.to_ms(whole_minute(since)),
            not_after=clock.to_ms(whole_minute(since) + timedelta(days=given["days"])),
            uses=given["uses"],
        )
        return with_kept(rule, self._was(given))

    def _was(self, given: Mapping[str, Any]) -> Rule | None:
        return self.former.get(str(given.get("id")))

    def _columns(self, given: Mapping[str, Any], *, forms: Sequence[str]) -> tuple[ColumnUse, ...]:
        """The columns that the chosen scorecards read, each as its field lets it in."""
        chosen = [self.cards[digest] for digest in given.get("models") or () if digest in self.cards]
        columns = columns_for(self.domain, chosen, forms=forms)
        return as_chosen(columns, given, domain_id=self.domain, cards=chosen, was=self._was(given))

    def _more(self, given: Mapping[str, Any]) -> tuple[Clause, ...]:
        """Clauses that a rule need not have: consent, duties, derivation, and what no field shows of the template or of
        the rule as it was."""
        was = self._was(given)
        begun = self.begun_with.clauses if self.begun_with else was.clauses if was else ()
        kind = given.get("evidence")
        found: dict[type, Clause] = {type(one): one for one in begun if isinstance(one, Place | Payment)}
        found |= {Consent: Consent(evidence=(kind,))} if kind else {}
        found |= {type(one): one for one in duties_and_derivation(given)}
        return tuple(found[one] for one in KINDS if one in found)

    def clean(self) -> dict[str, Any]:
        """Hours have two different ends, statistics a least group, and no rule undercuts the zone-wide rules."""
        given = super().clean() or {}
        if STATISTIC in given.get("disclosures", ()) and given.get("minimum_group") is None:
            self.add_error("minimum_group", _("Statistics need a least number of firms."))
        opens, closes = given.get("opens"), given.get("closes")
        if (opens is None) != (closes is None) or (opens is not None and opens == closes):
            self.add_error("closes", _("Give both hours, and two different ones; or neither."))
        self._hold_floors()
        return given

    def _hold_floors(self) -> None:
        head = governance.in_force()
        if self.errors or head is None or not self.holds_floors:
            return
        for refusal in rule_undercuts(self.rule(since=clock.now()), head.document):
            self.add_error(FLOOR_FIELDS[refusal.clause], say_refusal(refusal))

    def sketch(self, *, since: datetime) -> Rule:
        """The rule as far as it is filled in: for its sentence only, with a word where nothing was chosen."""
        self.holds_floors = False
        self.is_valid()
        given = self.cleaned_data
        blank = (gettext("not chosen"),)
        days = given.get("days") or 0
        parts: dict[str, Any] = {name: tuple(given.get(name) or blank) for name in LISTS}
        counts = STATISTIC in parts["disclosures"]
        rule = permit(
            "rule",
            **parts,
            columns=self._columns(given, forms=parts["disclosures"]),
            **_limits(given) | ({"minimum_group": given.get("minimum_group") or 1} if counts else {}),
            more=self._more(given),
            not_before=clock.to_ms(whole_minute(since)),
            not_after=clock.to_ms(whole_minute(since) + timedelta(days=days)),
            uses=given.get("uses") or 0,
        )
        return with_kept(rule, self._was(given))


def whole_minute(moment: datetime) -> datetime:
    """The minute that has begun: a window's ends are said to the minute, and so they are."""
    return moment.replace(second=0, microsecond=0)


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule need not say, as far as it is filled in."""
    opens, closes, band = given.get("opens"), given.get("closes"), given.get("decision_band")
    hours: tuple[Daily, ...] = ()
    if opens is not None and closes is not None and opens != closes:
        since, until = (moment.hour * 60 + moment.minute for moment in (opens, closes))
        hours = (Daily(since=since, until=until, zone=ZONE),)
    return {
        **{name: given.get(name) for name in LIMITS},
        "decision_bands": () if band is None else (band,),
        "daily": hours,
    }


def duties_and_derivation(given: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The clauses that a rule need not have, in their order: what a use obliges to, and what may be made of it."""
    notify, days = bool(given.get("notify")), given.get("delete_after_days")
    duties = (Duties(notify=notify, delete_after_days=days),) if notify or days else ()
    generations = given.get("generations")
    return (*duties, *(() if generations is None else (Derivation(generations=generations),)))


def grantee_choices() -> list[tuple[str, str]]:
    """Whom a rule can name, by code: organisations that use data, and the firm itself."""
    named = Organisation.objects.filter(kind__in=GRANTEE_KINDS).order_by("kind", "id")
    return [*((one.uscc, called(one)) for one in named), (SUBJECT, gettext("the firm itself"))]


def model_choices(domain: str) -> list[tuple[str, str]]:
    """The registered scorecards that read a domain, by digest."""
    return named_choices(cards_reading(domain))


def cards_reading(domain: str) -> list[Scorecard]:
    """The registered scorecards that read a domain."""
    return [card for card in scoring.cards() if domain in card.domains]


def named_choices(cards: Iterable[Scorecard]) -> list[tuple[str, str]]:
    """Scorecards by digest, with their names."""
    return [(card.digest, scoring.name_of(card)) for card in cards]


def columns_of_models(domain: str, models: Iterable[str], *, forms: Sequence[str] = ()) -> tuple[ColumnUse, ...]:
    """The columns of a domain that these registered scorecards read, and those by which rows are matched."""
    chosen = set(models)
    return columns_for(domain, [card.document for card in scoring.cards() if card.digest in chosen], forms=forms)


def zone_templates() -> Sequence[Template]:
    """The templates of the zone-wide rules in force."""
    head = governance.in_force()
    return head.document.templates if head else ()


def template_values(template: Template) -> dict[str, Any]:
    """What a template fills in; what it leaves open stays empty."""
    by_kind: dict[type, Any] = {type(one): one for one in template.clauses}
    lists = {
        "grantees": by_kind[Subject].organisations if Subject in by_kind else (),
        "purposes": by_kind[Purpose].purposes if Purpose in by_kind else (),
        "models": by_kind[Code].models if Code in by_kind else (),
        "disclosures": by_kind[Output].forms if Output in by_kind else (),
        "engines": by_kind[Environment].engines if Environment in by_kind else (),
    }
    output, count, duties, derivation = (by_kind.get(kind) for kind in (Output, Count, Duties, Derivation))
    return {
        "id": template.id,
        "template": template.id,
        **{name: list(values) for name, values in lists.items()},
        "days": template.days,
        "uses": count.total if count else None,
        "evidence": _evidence_of(by_kind.get(Consent)),
        "per_day": count.per_day if count else None,
        "rows_per_day": count.rows_per_day if count else None,
        "per_subject": count.per_subject if count else None,
        "notify": duties.notify if duties else False,
        "delete_after_days": duties.delete_after_days if duties else None,
        "generations": derivation.generations or None if derivation else None,
        "minimum_group": output.minimum_group if output else None,
        "max_rows": output.max_rows if output else None,
        "decision_band": output.decision_bands[0] if output and output.decision_bands else None,
    }


def _evidence_of(consent: Consent | None) -> str:
    """The one kind of evidence that counts; empty where any does."""
    return consent.evidence[0] if consent and len(consent.evidence) == 1 else ""


def rule_values(rule: Rule, *, domain: str) -> dict[str, Any]:
    """What an existing rule fills in; its window is as long as it was, from today."""
    cards = [card.document for card in cards_reading(domain) if card.digest in rule.models]
    return {
        "id": rule.id,
        **{name: list(getattr(rule, name)) for name in LISTS},
        "days": days_of(rule),
        "uses": rule.uses,
        **_limit_values(rule),
        **column_values(rule, domain_id=domain, cards=cards),
    }


def days_of(rule: Rule) -> int:
    """How long a rule's window is, in whole days, one at least."""
    return max(1, round((rule.not_after - rule.not_before) / DAY_MS))


def _limit_values(rule: Rule) -> dict[str, Any]:
    derivation, duties = rule.clause(Derivation), rule.clause(Duties)
    output, count, hours = rule.of(Output), rule.of(Count), hours_shown(rule.of(Window))
    return {
        "minimum_group": output.minimum_group,
        "max_rows": output.max_rows,
        "decision_band": output.decision_bands[0] if output.decision_bands else None,
        "evidence": _evidence_of(rule.clause(Consent)),
        "per_day": count.per_day,
        "rows_per_day": count.rows_per_day,
        "per_subject": count.per_subject,
        "opens": _clock(hours.since) if hours else None,
        "closes": _clock(hours.until) if hours else None,
        "notify": duties is not None and duties.notify,
        "delete_after_days": duties.delete_after_days if duties else None,
        "generations": derivation.generations if derivation and derivation.generations else None,
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def raw_values(data: Any, prefix: str) -> dict[str, Any]:
    """What stands in one rule's fields, unchecked, so that adding a rule loses nothing and blames nobody."""
    columns = (key.removeprefix(f"{prefix}-") for key in data if key.startswith(f"{prefix}-{COLUMN}"))
    single = {name: data.get(f"{prefix}-{name}", "") for name in (*SINGLE, *columns)}
    return {**single, **{name: data.getlist(f"{prefix}-{name}") for name in LISTS}}


def initial_forms(values: Sequence[Mapping[str, Any]], *, domain: str) -> list[RuleForm]:
    """Unbound forms that show these values."""
    return [RuleForm(initial=dict(one), prefix=f"r{at}", domain=domain) for at, one in enumerate(values, start=1)]


def bound_forms(data: Any, count: int, *, domain: str, former: Sequence[Rule]) -> list[RuleForm]:
    """Forms bound to what was sent; `former` are the rules of the version before."""
    return [RuleForm(data, prefix=f"r{at}", domain=domain, former=former) for at in range(1, count + 1)]
