"""A job as a steward describes it beside the policy form: the fields, and the request that they amount to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, cast

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.capsules.forms import USES_MAX, grantee_choices, model_choices
from apps.core import clock
from apps.datasets.wording import language
from apps.scoring.selectors import card_of
from apps.ui.choices import offer_choices
from creditzone.kernel.documents import Contract, Disclosure, Engine, Input, JobRequest, Policy, Rule, Scorecard
from creditzone.kernel.orders import ENGINE_OF_PARTIES
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.consent import EVIDENCE
from creditzone.kernel.policy.constraints.environment import ENGINES, say_engine
from creditzone.kernel.policy.constraints.output import FORMS, STATISTIC, Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose

PREFIX = "try"
EDITOR_FORM = "policy-form"
"""The fields stand beside the policy's form and are sent with it."""
BASIC = ("grantee", "purpose", "model", "engine", "firms", "at")
ONLY_WITH: dict[str, type[Clause]] = {"price": Payment, "firm": Place}
"""What is asked only where some rule reads it."""
CODE = r"^[0-9A-HJ-NPQRTUWXY]{18}$"
FIRMS = 100
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A proposed job: the request for this capsule alone, the contract that it would rest on (None where it needs
    none), when it would come, and what others would know of it: `firms` would match; `used` and `used_today` are uses
    spent before under each rule."""

    request: JobRequest
    contract: Contract | None
    card: Scorecard
    at: datetime
    firms: int
    used: int
    used_today: int


class ProposalForm(forms.Form):
    """Who would ask what, with what, when, of how many firms; the rest only where an answer depends on it."""

    prefix = PREFIX
    grantee = forms.ChoiceField(label=pgettext_lazy("contract", "User"))
    purpose = forms.ChoiceField(label=_("Purpose"))
    model = forms.ChoiceField(label=_("Scorecard"))
    engine = forms.ChoiceField(label=pgettext_lazy("proposed job", "Engine"), required=False)
    disclosures = forms.MultipleChoiceField(
        label=_("What comes back"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what would come back.")},
    )
    firms = forms.IntegerField(
        label=_("Firms that match"),
        min_value=1,
        max_value=10**9,
        help_text=_("A firm that asks about itself counts as one."),
        error_messages={"required": _("Say how many firms would match.")},
    )
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Shanghai time. Empty: now."),
    )
    decision_band = forms.IntegerField(
        label=_("Lowest band of a decision"),
        required=False,
        min_value=1,
        max_value=50,
        help_text=_("From which band on the answer is yes; bands count from the worst, which is 0."),
    )
    minimum_group = forms.IntegerField(
        label=_("Least firms of a statistic"), required=False, min_value=1, max_value=10**6
    )
    evidence = forms.ChoiceField(label=_("What shows that firms agree"), required=False)
    used = forms.IntegerField(
        label=_("Uses spent before"),
        required=False,
        min_value=0,
        max_value=USES_MAX,
        help_text=_("Under the rule that permits the job. Empty: none."),
    )
    used_today = forms.IntegerField(label=_("Of these on that day"), required=False, min_value=0, max_value=USES_MAX)
    price = forms.DecimalField(
        label=_("Price a matched firm, in yuan"), required=False, min_value=0, max_value=10**10, decimal_places=2
    )
    firm = forms.RegexField(
        CODE,
        label=_("Code of the firm that asks"),
        required=False,
        help_text=_("A rule depends on where the code was given."),
    )

    def __init__(self, *args: Any, domain: str, rules: Sequence[Rule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.domain = domain
        at = 0 if language() == "zh" else 1
        choose = [("", gettext("please choose"))]
        offer_choices(self, "grantee", [*choose, *grantee_choices()])
        offer_choices(self, "purpose", [*choose, *((code, say_purpose(code, language())) for code in PURPOSES)])
        offer_choices(self, "model", [*choose, *model_choices(domain)])
        engines = [(code, words[at]) for code, words in ENGINES.items()]
        offer_choices(self, "engine", [("", gettext("the one that the scorecard needs")), *engines])
        offer_choices(self, "disclosures", [(code, words[at]) for code, words in FORMS.items()])
        offer_choices(self, "evidence", [(code, words[at]) for code, words in EVIDENCE.items()])
        kinds = {type(clause) for rule in rules for clause in rule.clauses}
        for name, kind in ONLY_WITH.items():
            if kind not in kinds:
                del self.fields[name]
        for field in self.fields.values():
            field.widget.attrs["form"] = EDITOR_FORM

    @property
    def basic_fields(self) -> list[forms.BoundField]:
        """What every job says, beside what comes back."""
        return [self[name] for name in BASIC]

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        """What only some answers depend on."""
        return [self[name] for name in self.fields if name not in (*BASIC, "disclosures")]

    @property
    def has_more(self) -> bool:
        """Whether one of the folded fields is wrong."""
        return any(one.errors for one in self.folded_fields)

    def clean(self) -> dict[str, Any]:
        """What a real job could not be: a decision without a band, a statistic beside a firm's own result, an engine
        for another number of parties."""
        given = super().clean() or {}
        asks_itself = given.get("grantee") == SUBJECT
        if asks_itself and "firm" in self.fields and not given.get("firm") and "firm" not in self.errors:
            self.add_error("firm", gettext("Say which firm: a rule depends on where its code was given."))
        if not asks_itself and "price" in self.fields and given.get("price") is None and "price" not in self.errors:
            self.add_error("price", gettext("Say what the contract would pay: a rule asks a price."))
        if (given.get("used_today") or 0) > (given.get("used") or 0):
            self.add_error("used_today", gettext("No more than were spent in all."))
        self._clean_output(given, asks_itself=asks_itself)
        self._clean_engine(given)
        return given

    def _clean_output(self, given: Mapping[str, Any], *, asks_itself: bool) -> None:
        asked = given.get("disclosures", ())
        if STATISTIC in asked and (len(asked) > 1 or asks_itself):
            self.add_error("disclosures", gettext("A statistic comes alone, and never for a firm about itself."))
        if STATISTIC in asked and given.get("minimum_group") is None and "minimum_group" not in self.errors:
            self.add_error("minimum_group", gettext("Say how many firms each count rests on."))
        if "decision" in asked and given.get("decision_band") is None and "decision_band" not in self.errors:
            self.add_error("decision_band", gettext("Choose from which grade on the answer is yes."))

    def _clean_engine(self, given: Mapping[str, Any]) -> None:
        if not given.get("engine") or not given.get("model"):
            return
        parties = len(card_of(given["model"]).domains)
        needed = ENGINE_OF_PARTIES.get(parties, "")
        if given["engine"] != needed:
            said = gettext("The scorecard has %(n)s parties: its jobs run by %(engine)s.")
            self.add_error("engine", said % {"n": parties, "engine": say_engine(needed, language())})

    def proposed(self, policy: Policy, *, now: datetime) -> Proposed:
        """The validated fields as the papers that a real job over the policy's capsule would come with."""
        given = self.cleaned_data
        card = card_of(given["model"])
        at = given["at"]
        at = now if at is None or at <= now < at + MINUTE else at
        request = _request(given, card, policy, self.domain)
        needs_contract = request.subject is None and request.recipient != policy.provider
        return Proposed(
            request=request,
            contract=_contract(request, policy, price=given.get("price"), at=at) if needs_contract else None,
            card=card,
            at=at,
            firms=1 if request.subject else given["firms"],
            used=given["used"] or 0,
            used_today=given["used_today"] or 0,
        )


def _request(given: Mapping[str, Any], card: Scorecard, policy: Policy, domain: str) -> JobRequest:
    asks_itself = given["grantee"] == SUBJECT
    recipient = (given.get("firm") or SUBJECT) if asks_itself else given["grantee"]
    counts = STATISTIC in given["disclosures"]
    capsule = Input(
        provider=policy.provider, domain=domain, capsule=policy.capsule, version=policy.version, contract=None
    )
    return JobRequest(
        zone=policy.zone,
        id="",
        recipient=recipient,
        inputs=(capsule,),
        model=given["model"],
        engine=cast("Engine", given["engine"] or ENGINE_OF_PARTIES[len(card.domains)]),
        purpose=given["purpose"],
        disclosures=cast("tuple[Disclosure, ...]", tuple(given["disclosures"])),
        decision_band=given["decision_band"] if "decision" in given["disclosures"] else None,
        subject=recipient if asks_itself else None,
        authorisation=None,
        consent=cast("Literal['declared', 'signed']", given["evidence"] or "declared"),
        operation="statistics" if counts else "score",
        minimum_group=given["minimum_group"] if counts else None,
        title="",
        drafted_at=0,
        expires_at=0,
    )


def _contract(request: JobRequest, policy: Policy, *, price: Decimal | None, at: datetime) -> Contract:
    """The contract under which the recipient would ask, agreed just then."""
    return Contract(
        zone=policy.zone,
        id="",
        provider=policy.provider,
        consumer=request.recipient,
        capsule=policy.capsule,
        policy="",
        purpose=request.purpose,
        price_fen=int((price or 0) * 100),
        not_before=clock.to_ms(at),
        not_after=clock.to_ms(at),
        drafted_at=clock.to_ms(at),
    )


def values_of_request(request: JobRequest) -> dict[str, Any]:
    """What a job that waits fills into the fields; how many firms would match, nobody knows yet."""
    return {
        "grantee": SUBJECT if request.subject else request.recipient,
        "firm": request.subject or "",
        "purpose": request.purpose,
        "model": request.model,
        "engine": request.engine,
        "disclosures": list(request.disclosures),
        "decision_band": request.decision_band,
        "minimum_group": request.minimum_group,
        "evidence": request.consent,
        "firms": FIRMS,
    }


def values_of_rules(rules: Iterable[Rule]) -> dict[str, Any]:
    """A job that the first rule would let pass, to begin with; empty where the policy is not written yet."""
    rule = next(iter(rules), None)
    if rule is None:
        return {"firms": FIRMS}
    output = rule.of(Output)
    alone = list(rule.disclosures) if rule.disclosures == (STATISTIC,) else []
    return {
        "grantee": next(iter(rule.grantees), ""),
        "purpose": next(iter(rule.purposes), ""),
        "model": next(iter(rule.models), ""),
        "disclosures": alone or [one for one in rule.disclosures if one != STATISTIC],
        "decision_band": next(iter(output.decision_bands), 1) if "decision" in rule.disclosures else None,
        "minimum_group": output.minimum_group,
        "firms": FIRMS,
    }


def raw_proposal(data: Any) -> dict[str, Any]:
    """What stands in the fields, unchecked."""
    names = ProposalForm.base_fields
    single = {name: data.get(f"{PREFIX}-{name}", "") for name in names}
    return {**single, "disclosures": data.getlist(f"{PREFIX}-disclosures")}
