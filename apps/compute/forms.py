"""Forms of jobs: what to compute over which data, and why one is cancelled."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.compute.offers import Offer, Source
from apps.compute.wording import DISCLOSURES, domain_name, language
from apps.ui.choices import offer_choices
from creditzone.kernel.documents import Scorecard
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose

RESULTS = ("grade", "decision", "score", "statistic")
LEAST_GROUP = 10
CONSENTS = {
    "declared": _("as our own data have them, declared by us"),
    "signed": _("signed by each firm, held by the provider's node"),
}
USUAL = "credit-risk/pre-loan"


class JobForm(forms.Form):
    """Step two: one source for each data domain of the scorecard, purpose, result form, title."""

    title = forms.CharField(
        label=_("Title"),
        max_length=400,
        help_text=_("Every party reads it: name no firm and no person in it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), widget=forms.RadioSelect)
    disclosure = forms.ChoiceField(
        label=_("Result form"),
        widget=forms.RadioSelect,
        initial="grade",
        help_text=_("The less you ask for, the more policies let it pass."),
    )
    reasons = forms.BooleanField(
        label=_("also reason codes, at most four a firm from each party"),
        required=False,
        help_text=_("Only where each policy lets reasons out."),
    )
    decision_band = forms.ChoiceField(
        label=_("Yes from which grade on"), required=False, help_text=_("For “yes or no” only.")
    )

    consent = forms.ChoiceField(
        label=_("Firms' authorisations"),
        required=False,
        widget=forms.RadioSelect,
        initial="declared",
        help_text=_("A policy may demand signatures. Firms that did not sign themselves are then left out."),
    )
    minimum_group = forms.IntegerField(
        label=_("Firms behind each count, at least"),
        required=False,
        min_value=LEAST_GROUP,
        max_value=10**6,
        initial=LEAST_GROUP,
        help_text=_("For statistics only. Smaller counts are held back; no policy lets you go below its own number."),
        error_messages={"min_value": _("Statistics rest on at least 10 firms.")},
    )
    grouping = forms.ChoiceField(
        label=_("Counted for"),
        required=False,
        help_text=_("For statistics only. Groups with too few firms are put together."),
    )

    def __init__(self, offer: Offer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        for name, sources in offer.sources.items():
            self.fields[source_field(name)] = forms.ChoiceField(
                label=domain_name(name),
                choices=[(str(one.capsule.id), _label(one)) for one in sources],
                widget=forms.RadioSelect,
                initial=str(sources[0].capsule.id) if sources else None,
                error_messages={"required": _("Choose one capsule of this data domain.")},
            )
        purposes = offer.purposes or list(PURPOSES)
        offer_choices(self, "purpose", [(one, say_purpose(one, language())) for one in purposes])
        self.fields["purpose"].initial = USUAL if USUAL in purposes else purposes[0]
        offer_choices(self, "disclosure", [(one, DISCLOSURES[one]) for one in RESULTS])
        offer_choices(self, "consent", list(CONSENTS.items()))
        offer_choices(self, "grouping", [("", _("all firms")), ("province", _("each province of registration"))])
        offer_choices(self, "decision_band", [("", "—"), *_bands(offer.card)])

    @property
    def sources(self) -> list[Any]:
        """The bound fields of the data domains, in the scorecard's order."""
        return [self[source_field(name)] for name in self.offer.sources]

    @property
    def has_statistic(self) -> bool:
        """Whether a statistic is asked for, or something of one is wrong."""
        return self["disclosure"].value() == "statistic" or bool(self["minimum_group"].errors)

    def clean(self) -> dict[str, Any]:
        """A yes needs to know from which grade on."""
        given = super().clean() or {}
        if given.get("disclosure") == "decision" and not given.get("decision_band"):
            self.add_error("decision_band", gettext("Choose from which grade on the answer is yes."))
        if given.get("disclosure") == "statistic":
            if given.get("minimum_group") is None and "minimum_group" not in self.errors:
                self.add_error("minimum_group", gettext("Say how many firms each count rests on."))
            if given.get("reasons"):
                self.add_error("reasons", gettext("A statistic names no firm, so it has no reasons."))
        return given

    def wish(self) -> dict[str, Any]:
        """What the services take, beside actor and scorecard."""
        given = self.cleaned_data
        is_decision = given["disclosure"] == "decision"
        counts = given["disclosure"] == "statistic"
        return {
            "title": given["title"],
            "purpose": given["purpose"],
            "capsule_ids": [UUID(given[source_field(name)]) for name in self.offer.sources],
            "disclosures": [given["disclosure"], *(["reasons"] if given["reasons"] else [])],
            "decision_band": int(given["decision_band"]) if is_decision else None,
            "consent": given["consent"] or "declared",
            "minimum_group": given["minimum_group"] if counts else None,
            "grouping": (given["grouping"] or None) if counts else None,
        }


def source_field(domain: str) -> str:
    """The form's field of a data domain."""
    return f"source_{domain}"


def _bands(card: Scorecard) -> list[tuple[str, str]]:
    """Every grade but the worst, best first: a yes from the worst on would say nothing."""
    return [(str(band), card.grades[band]) for band in range(len(card.grades) - 1, 0, -1)]


def _label(source: Source) -> str:
    return f"{source.provider} · {source.capsule.title} v{source.capsule.version}"


class CancelForm(forms.Form):
    """Why a job is cancelled: it stands in the ledger and on the page."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        help_text=_("Every party of the job reads it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
