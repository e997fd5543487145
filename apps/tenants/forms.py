"""What is asked of the zone's operator, and nothing more."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.tenants.models import Organisation
from apps.tenants.roles import Kind, Role
from creditzone.kernel.documents import HOST_KINDS


class OrganisationForm(forms.Form):
    """A new organisation."""

    uscc = forms.CharField(
        label=_("Unified social credit code"), max_length=18, help_text=_("18 characters; its check digit is verified.")
    )
    name = forms.CharField(label=_("Name"), max_length=200)
    name_en = forms.CharField(label=_("English name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=[choice for choice in Kind.choices if choice[0] != "operator"])
    hosted_by = forms.ModelChoiceField(
        label=_("Hosted by"),
        queryset=Organisation.objects.none(),
        required=False,
        help_text=_("For a small firm without a node of its own: whose hosted node keeps its keys."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hosts = Organisation.objects.filter(hosted_by=None, kind__in=HOST_KINDS)
        self.fields["hosted_by"].queryset = hosts  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """A new person in an organisation, with a first password that they will change."""

    organisation = forms.ModelChoiceField(label=_("Organisation"), queryset=Organisation.objects.none())
    name = forms.CharField(label=_("Person's name"), max_length=100)
    username = forms.CharField(label=_("Sign-in name"), max_length=60)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. The second factor is enrolled at the first sign-in."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.all()  # type: ignore[attr-defined]


class ResetForm(forms.Form):
    """A new first password for somebody who lost a factor."""

    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. The second factor is enrolled at the first sign-in."),
    )


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class TokenForm(forms.Form):
    """A name for a new API token."""

    label = forms.CharField(label=_("Purpose of the token"), max_length=60, help_text=_("Which program will use it."))
