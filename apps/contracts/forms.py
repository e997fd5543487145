"""Forms of contracts: an offer, and its withdrawal."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.capsules.models import Capsule
from apps.core import clock
from apps.datasets.wording import language
from apps.tenants.models import Organisation
from apps.ui.choices import offer_choices
from apps.ui.templatetags.ui import called
from creditzone.kernel.documents import Policy
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.policy.purposes import PURPOSES, permits, say_purpose

DAYS_MAX = 3660
PRICE_MAX = Decimal(10**10)


class OfferForm(forms.Form):
    """A capsule to a user whom its policy names, for a purpose it allows, at a price, for a term."""

    consumer = forms.ChoiceField(
        label=pgettext_lazy("contract", "User"),
        widget=forms.RadioSelect,
        help_text=_("Those whom the capsule's policy names."),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), widget=forms.RadioSelect)
    price = forms.DecimalField(
        label=_("Price a matched firm, in yuan"),
        min_value=0,
        max_value=PRICE_MAX,
        decimal_places=2,
        help_text=_("To the fen. Firms that do not match cost nothing."),
    )
    days = forms.IntegerField(label=_("Term in days, from today"), min_value=1, max_value=DAYS_MAX, initial=30)

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = {grantee for rule in policy.rules for grantee in rule.grantees} - {policy.provider, SUBJECT}
        self.users = {one.uscc: one for one in Organisation.objects.filter(uscc__in=named).order_by("kind", "id")}
        allowed = {purpose for rule in policy.rules if named & set(rule.grantees) for purpose in rule.purposes}
        purposes = [code for code in PURPOSES if any(permits(one, code) for one in allowed)]
        offer_choices(self, "consumer", [(uscc, called(one)) for uscc, one in self.users.items()])
        offer_choices(self, "purpose", [(code, say_purpose(code, language())) for code in purposes])

    def terms(self, capsule: Capsule) -> dict[str, Any]:
        """What the service takes, beside the actor: the price in fen, the term as two moments."""
        begins = clock.now()
        return {
            "capsule_id": capsule.id,
            "consumer": self.users[self.cleaned_data["consumer"]],
            "purpose": self.cleaned_data["purpose"],
            "price_fen": int(self.cleaned_data["price"] * 100),
            "not_before": begins,
            "not_after": begins + timedelta(days=self.cleaned_data["days"]),
        }


class WithdrawForm(forms.Form):
    """Why an offer is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        help_text=_("The user reads it, and it stands in the ledger."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
