"""The form of a vote: each rule that the sources leave, with what may be looser in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec.structs import replace

from apps.capsules.forms import DAYS_MAX, USES_MAX, days_of, named_choices, several
from apps.core import clock
from apps.datasets.wording import language
from apps.scoring import selectors as scoring
from apps.tenants.models import Organisation
from apps.ui.choices import offer_choices
from apps.ui.templatetags.ui import called
from apps.votes.services import MOST_DAYS
from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.output import FORMS, STATISTIC, Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import SUBJECT, Subject
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose

LISTS = ("grantees", "purposes", "models", "disclosures")


class OpenForm(forms.Form):
    """For how long owners may answer, and the policy be signed."""

    open_days = forms.IntegerField(
        label=_("Open for days"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=30,
        help_text=_("Every owner signs, and your policy is sealed, within these days."),
    )


class LooserForm(forms.Form):
    """One rule as the sources leave it; what its fields do not show stays as it is."""

    grantees = several(_("Users"))
    purposes = several(_("Purposes"))
    models = several(_("Scorecards"))
    disclosures = several(_("What comes back"))
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=DAYS_MAX)
    uses = forms.IntegerField(label=_("Uses in all"), min_value=1, max_value=USES_MAX)

    def __init__(self, data: Any = None, *, rule: Rule, prefix: str) -> None:
        super().__init__(data, initial=values_of(rule), prefix=prefix)
        self.left = rule
        at = 0 if language() == "zh" else 1
        people = [(one.uscc, called(one)) for one in Organisation.objects.order_by("kind", "id")]
        offer_choices(self, "grantees", [(SUBJECT, str(_("the firm itself"))), *people])
        offer_choices(self, "purposes", [(code, say_purpose(code, language())) for code in PURPOSES])
        offer_choices(self, "models", named_choices(scoring.cards()))
        offer_choices(self, "disclosures", [(code, words[at]) for code, words in FORMS.items() if code != STATISTIC])

    def rule(self, *, since: datetime) -> Rule:
        """The rule for the validated fields; its window begins at `since`."""
        given = self.cleaned_data
        chosen = {name: _in_order(given[name], getattr(self.left, name)) for name in LISTS}
        window = replace(
            self.left.of(Window),
            not_before=clock.to_ms(since),
            not_after=clock.to_ms(since + timedelta(days=given["days"])),
        )
        changed: dict[type, Clause] = {
            Subject: replace(self.left.of(Subject), organisations=chosen["grantees"]),
            Purpose: Purpose(purposes=chosen["purposes"]),
            Code: replace(self.left.of(Code), models=chosen["models"]),
            Output: replace(self.left.of(Output), forms=chosen["disclosures"]),
            Window: window,
            Count: replace(self.left.of(Count), total=given["uses"]),
        }
        return replace(self.left, clauses=tuple(changed.get(type(one), one) for one in self.left.clauses))


def _in_order(chosen: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    """What was there before in its order, then what is new: so that a different order is no difference."""
    return (*(one for one in before if one in chosen), *(one for one in chosen if one not in before))


def values_of(rule: Rule) -> dict[str, Any]:
    """What a rule fills in; its window is as long as it was."""
    return {
        **{name: list(getattr(rule, name)) for name in LISTS},
        "days": days_of(rule),
        "uses": rule.uses,
    }


def looser_forms(rules: Sequence[Rule], data: Any = None) -> list[LooserForm]:
    """A form for each rule that permits."""
    permitting = [rule for rule in rules if rule.effect == "permit"]
    return [LooserForm(data, rule=rule, prefix=f"r{at}") for at, rule in enumerate(permitting, start=1)]
