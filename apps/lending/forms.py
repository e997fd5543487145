"""Forms of a firm's own credit page."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskForm(forms.Form):
    """A firm asks for its own grade; the reasons behind it come along unless it does not want them."""

    reasons = forms.BooleanField(
        label=_("also the reasons: at most four from each party"), required=False, initial=True
    )
