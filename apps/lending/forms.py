"""Forms of a firm's own credit page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.compute.wording import DISCLOSURES, language
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind
from apps.ui.choices import offer_choices
from apps.ui.templatetags.ui import called
from creditzone.kernel.policy.purposes import PURPOSES, say_purpose

PROVIDERS = (Kind.CODE_CENTRE, Kind.PLATFORM)
FOR_LENDING = [one for one in PURPOSES if one.startswith("credit-risk")]
LONGEST_DAYS = 365
NONE_CHOSEN = {"required": _("Choose at least one.")}


class AskForm(forms.Form):
    """A firm asks for its own grade; the reasons behind it come along unless it does not want them."""

    reasons = forms.BooleanField(
        label=_("also the reasons: at most four from each party"), required=False, initial=True
    )


class AuthoriseForm(forms.Form):
    """A firm lets a bank ask about it: whom, at whose nodes, what for, what comes back, how long."""

    enquirer = forms.ChoiceField(label=_("Bank"))
    providers = forms.MultipleChoiceField(
        label=_("Whose data about your firm may enter"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Their nodes learn that this bank asked about your firm."),
        error_messages=NONE_CHOSEN,
    )
    purpose = forms.ChoiceField(label=_("What for"))
    disclosures = forms.MultipleChoiceField(
        label=_("What may come back to the bank"),
        widget=forms.CheckboxSelectMultiple,
        initial=["grade"],
        error_messages=NONE_CHOSEN,
    )
    days = forms.IntegerField(label=_("For days, from now"), min_value=1, max_value=LONGEST_DAYS, initial=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = list(Organisation.objects.filter(kind__in=[Kind.BANK, *PROVIDERS]).order_by("kind", "id"))
        offer_choices(self, "enquirer", [(one.uscc, called(one)) for one in named if one.kind == Kind.BANK])
        offer_choices(self, "providers", [(one.uscc, called(one)) for one in named if one.kind in PROVIDERS])
        offer_choices(self, "purpose", [(one, say_purpose(one, language())) for one in FOR_LENDING])
        offer_choices(self, "disclosures", list(DISCLOSURES.items()))
        self.fields["providers"].initial = [one.uscc for one in named if one.kind in PROVIDERS]
