"""Forms of the zone-wide rules: the floors, and templates side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from apps.governance.wording import language
from apps.ui.choices import offer_choices
from creditzone.kernel.documents import Floors, Template
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.action import Action, Operation
from creditzone.kernel.policy.constraints.consent import EVIDENCE
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import ATTESTATIONS, ENGINES, Environment
from creditzone.kernel.policy.constraints.output import FORMS, STATISTIC, Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import SUBJECT, Subject
from creditzone.kernel.policy.purposes import PURPOSES

MOST_TEMPLATES = 8
LISTS = ("purposes", "disclosures", "engines")
SINGLE = ("id", "name", "name_en", "about", "about_en", "subject", "days", "uses", "minimum_group")
FLOOR_LISTS = ("purposes", "attestations", "evidence")
NONE_CHOSEN = {"required": _("Choose at least one.")}
DEFAULT_FLOORS: dict[str, Any] = {
    "purposes": ["credit-risk", "self-enquiry"],
    "minimum_group": 10,
    "max_days": 366,
    "max_uses": 10_000,
    "attestations": ["none"],
    "evidence": ["declared", "signed"],
    "custody_threshold": 1,
}


def _several(label: Any, help_text: Any = "", *, required: bool = True) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.CheckboxSelectMultiple,
        error_messages=NONE_CHOSEN,
    )


class _InWords(forms.Form):
    def _choices(self, name: str, words: Mapping[str, tuple[str, str]]) -> None:
        offer_choices(self, name, [(code, pair[language() != "zh"]) for code, pair in words.items()])


class FloorsForm(_InWords):
    """What no usage policy undercuts."""

    purposes = _several(_("Allowed purposes"), _("A purpose includes what stands under it."))
    minimum_group = forms.IntegerField(
        label=_("Least firms of a statistic"), min_value=2, max_value=10**6, help_text=_("For statistics and counts.")
    )
    max_days = forms.IntegerField(label=_("Longest validity, in days"), min_value=1, max_value=36500)
    max_uses = forms.IntegerField(label=_("Most uses of a rule"), min_value=1, max_value=10**9)
    custody_threshold = forms.IntegerField(
        label=_("Least number who open a capsule together"),
        min_value=1,
        max_value=256,
        help_text=_("1: the provider's node alone."),
    )
    attestations = _several(_("Accepted environments"))
    evidence = _several(
        _("Accepted evidence of consent"), _("Without the first, every rule asks for the firms' signatures.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("purposes", PURPOSES)
        self._choices("attestations", ATTESTATIONS)
        self._choices("evidence", EVIDENCE)

    def floors(self) -> Floors:
        """The kernel's floors for the validated fields."""
        given = self.cleaned_data
        return Floors(
            minimum_group=given["minimum_group"],
            max_days=given["max_days"],
            max_uses=given["max_uses"],
            custody_threshold=given["custody_threshold"],
            attestations=tuple(given["attestations"]),
            evidence=tuple(given["evidence"]),
        )


class TemplateForm(_InWords):
    """One template; what is left empty in it, a provider's steward chooses."""

    id = forms.CharField(widget=forms.HiddenInput, validators=[RegexValidator(r"^[a-z0-9-]{1,40}$")])
    name = forms.CharField(label=_("Name in Chinese"), max_length=60)
    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    about = forms.CharField(label=_("What it is for, in Chinese"), max_length=200)
    about_en = forms.CharField(label=_("What it is for, in English"), max_length=200)
    subject = forms.BooleanField(label=_("Only the firm itself asks, about itself"), required=False)
    purposes = _several(_("Purposes"), required=False)
    disclosures = _several(_("What comes back"), required=False)
    engines = _several(_("Engines"), required=False)
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=36500)
    uses = forms.IntegerField(label=_("Uses in all"), required=False, min_value=1, max_value=10**9)
    minimum_group = forms.IntegerField(
        label=_("Least firms of a statistic"), required=False, min_value=2, max_value=10**6
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("purposes", PURPOSES)
        self._choices("disclosures", FORMS)
        self._choices("engines", ENGINES)

    def clean(self) -> dict[str, Any]:
        """A statistic says on how many firms it rests; nothing else needs to."""
        given = super().clean() or {}
        if STATISTIC in given.get("disclosures", ()) and given.get("minimum_group") is None:
            self.add_error("minimum_group", _("Statistics need a least number of firms."))
        return given

    def template(self) -> Template:
        """The kernel's template for the validated fields."""
        given = self.cleaned_data
        return Template(
            id=given["id"],
            name=given["name"],
            name_en=given["name_en"],
            about=given["about"],
            about_en=given["about_en"],
            days=given["days"],
            clauses=clauses_of(given),
        )


def clauses_of(given: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The clauses that a template's filled fields make, in the order of their kinds."""
    chosen = tuple(given["disclosures"])
    operations = [
        Operation(name=name)
        for name, meant in (("score", set(chosen) - {STATISTIC}), ("statistics", STATISTIC in chosen))
        if meant
    ]
    made: list[Clause | None] = [
        Subject(organisations=(SUBJECT,)) if given["subject"] else None,
        Purpose(purposes=tuple(given["purposes"])) if given["purposes"] else None,
        Action(operations=tuple(operations)) if operations else None,
        Environment(engines=tuple(given["engines"]), attestations=("none",)) if given["engines"] else None,
        Output(forms=chosen, minimum_group=given["minimum_group"]) if chosen else None,
        Count(total=given["uses"]) if given["uses"] else None,
    ]
    return tuple(one for one in made if one is not None)


def floor_values(purposes: Sequence[str], floors: Floors) -> dict[str, Any]:
    """What a version's floors fill in."""
    return {
        "purposes": list(purposes),
        "minimum_group": floors.minimum_group,
        "max_days": floors.max_days,
        "max_uses": floors.max_uses,
        "custody_threshold": floors.custody_threshold,
        "attestations": list(floors.attestations),
        "evidence": list(floors.evidence),
    }


def template_values(template: Template) -> dict[str, Any]:
    """What a template fills in."""
    by_kind: dict[type, Any] = {type(one): one for one in template.clauses}
    purpose, output, environment = (by_kind.get(kind) for kind in (Purpose, Output, Environment))
    return {
        **{name: getattr(template, name) for name in ("id", "name", "name_en", "about", "about_en", "days")},
        "subject": Subject in by_kind,
        "purposes": list(purpose.purposes) if purpose else [],
        "disclosures": list(output.forms) if output else [],
        "minimum_group": output.minimum_group if output else None,
        "engines": list(environment.engines) if environment else [],
        "uses": by_kind[Count].total if Count in by_kind else None,
    }


def only_of_the_form(template: Template) -> bool:
    """Whether the form's fields say all of the template, so that writing it again loses nothing."""
    values = template_values(template)
    return clauses_of(values) == template.clauses


def raw_values(data: Any, prefix: str) -> dict[str, Any]:
    """What stands in one template's fields, unchecked."""
    single = {name: data.get(f"{prefix}-{name}", "") for name in SINGLE}
    return {**single, **{name: data.getlist(f"{prefix}-{name}") for name in LISTS}}


def initial_templates(values: Sequence[Mapping[str, Any]]) -> list[TemplateForm]:
    """Unbound forms that show these values."""
    return [TemplateForm(initial=dict(one), prefix=f"t{at}") for at, one in enumerate(values, start=1)]


def bound_templates(data: Any, count: int) -> list[TemplateForm]:
    """Forms bound to what was sent."""
    return [TemplateForm(data, prefix=f"t{at}") for at in range(1, count + 1)]
