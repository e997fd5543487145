"""What people enter at the console. A form checks shape; the services decide."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.node.console.words import CONTRACT_ACTS, ROLES
from apps.node.errors import FactorStale, FactorWrong, NodeError, WrongPassphrase
from creditzone.kernel.capsule.states import IRREVERSIBLE
from creditzone.kernel.documents import CapsuleActKind
from creditzone.kernel.domain import Domain

CODE = re.compile(r"^\d{6}$")


class CodeField(forms.RegexField):
    """The node's one-time code: six digits."""

    def __init__(self, **more: Any) -> None:
        widget = forms.TextInput(
            attrs={"class": "otp", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}
        )
        more.setdefault("help_text", _("Not the portal's code: this one is enrolled at this node only."))
        super().__init__(
            CODE,
            label=_("This node's one-time code"),
            widget=widget,
            error_messages={"invalid": _("Six digits, as your authenticator shows them.")},
            **more,
        )


class CodeForm(forms.Form):
    """The one-time code alone."""

    code = CodeField()


class BindingForm(forms.Form):
    """Base of what binds the organisation: asks for a code and a passphrase where they are needed, last of all."""

    def __init__(self, data: Any = None, *, needs_code: bool, needs_passphrase: bool = False, **more: Any) -> None:
        super().__init__(data, **more)
        if needs_passphrase:
            self.fields["passphrase"] = forms.CharField(
                label=_("Your firm's passphrase"),
                strip=False,
                max_length=200,
                widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
                help_text=_("It opens your firm's keys for this one act and is not kept."),
            )
        if needs_code:
            self.fields["code"] = CodeField()

    @property
    def code(self) -> str:
        """The code given, empty where none was asked for."""
        return str(self.cleaned_data.get("code", ""))

    @property
    def passphrase(self) -> str | None:
        """The passphrase given, None where none was asked for."""
        return self.cleaned_data.get("passphrase")


class SignForm(BindingForm):
    """Sign: nothing but the factor."""


class AnswerForm(forms.Form):
    """Base of what an authenticator answers: the page's script fills its answer in."""

    answer = forms.CharField(widget=forms.HiddenInput, max_length=20_000, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("answer"):
            raise forms.ValidationError(
                _("No passkey answered: nothing was done. It needs JavaScript in your browser.")
            )
        return given


class ApproveForm(AnswerForm, BindingForm):
    """Approve a policy: a passkey, and a hosted firm's passphrase where its key signs."""

    def __init__(self, data: Any = None, *, needs_passphrase: bool) -> None:
        super().__init__(data, needs_code=False, needs_passphrase=needs_passphrase)


class EnrolForm(AnswerForm):
    """Enrol a passkey: the code for it, and what the person calls it."""

    code = forms.CharField(
        label=_("Enrolment code"),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("An owner of this node draws it for you on the roster. It works once."),
    )
    name = forms.CharField(
        label=_("What you call it"), max_length=60, help_text=_("For instance where it is: office key, telephone.")
    )


class RenameForm(forms.Form):
    """What a passkey is called."""

    name = forms.CharField(label=_("What you call it"), max_length=60)


class PasskeyForm(BindingForm):
    """Confirm a passkey: its fingerprint, as the person read it out."""

    fingerprint = forms.CharField(
        label=_("Fingerprint, as told to you"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text=_("By the person, who opened this node's address and not a link: the page showed it at enrolment."),
    )


class GovernorForm(BindingForm):
    """Which organisation governs the zone, among those whose cards are confirmed."""

    organisation = forms.ChoiceField(label=_("Organisation"))

    def __init__(self, data: Any = None, *, choices: list[tuple[str, str]], needs_code: bool) -> None:
        super().__init__(data, needs_code=needs_code)
        self.fields["organisation"].choices = choices  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    """Return a draft unsigned."""

    reason = forms.CharField(
        label=_("Reason for returning it"), max_length=400, help_text=_("The drafter reads it at the portal.")
    )


class UploadForm(forms.Form):
    """What an upload is, before its first piece. The file itself never passes a form."""

    domain = forms.ChoiceField(
        label=_("Domain"), help_text=_("It says which columns must be there and what they hold.")
    )
    title = forms.CharField(label=_("Title"), max_length=80)
    filename = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, domains: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["domain"].choices = domains  # type: ignore[attr-defined]


class WalkInForm(forms.Form):
    """One applicant: a field a column of the domain. Checked by the domain's own rules, like a row of a file."""

    def __init__(self, data: Any = None, *, domain: Domain, in_english: bool, **more: Any) -> None:
        super().__init__(data, **more)
        for column in domain.columns:
            is_date = column.type == "date"
            self.fields[column.name] = forms.CharField(
                label=column.en if in_english else column.zh,
                required=column.required,
                max_length=200,
                help_text=_("as 2026-12-31") if is_date else "",
                widget=forms.TextInput(attrs={"inputmode": "decimal"} if column.type == "decimal" else {}),
            )


class ContractActForm(BindingForm):
    """Suspend, resume or terminate a contract: a reason and the other party's name, typed."""

    reason = forms.CharField(label=_("Reason"), max_length=400)
    name = forms.CharField(label=_("The other party's name, typed"), max_length=100)

    def __init__(self, data: Any = None, *, name: str, act: str, **more: Any) -> None:
        self.expected, self.act = name, act
        super().__init__(data, **more)
        self.fields["name"].help_text = _("Type “%(name)s” to go on.") % {"name": name}
        self.act_label = CONTRACT_ACTS[act]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name != self.expected:
            raise forms.ValidationError(_("This is not the name of the other party."))
        return name


class CardForm(BindingForm):
    """Confirm a card: its fingerprint, as the other organisation told it by another way."""

    fingerprint = forms.CharField(
        label=_("Fingerprint, as told to you"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text=_(
            "By telephone or on paper from the other organisation, not from the portal and not from this page."
        ),
    )


class CustodiansForm(BindingForm):
    """Who guards beside this node, and how many holders it takes."""

    custodians = forms.MultipleChoiceField(
        label=_("Custodians"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Organisations whose cards are confirmed here. None: this node guards alone."),
    )
    threshold = forms.IntegerField(
        label=_("Holders it takes"),
        min_value=1,
        max_value=255,
        help_text=_("This node counts as one and is always needed: 2 means this node and any one custodian."),
    )

    def __init__(self, data: Any = None, *, fit: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["custodians"].choices = fit  # type: ignore[attr-defined]


class SheetForm(BindingForm):
    """A new recovery sheet: for an officer of ours, or for the supervisor."""

    kind = forms.ChoiceField(
        label=_("Who keeps it"),
        choices=[("officer", _("an officer of ours")), ("regulator", _("the supervisor"))],
    )
    name = forms.CharField(label=_("Name on the sheet"), max_length=60)
    organisation = forms.CharField(
        label=_("Unified code of the supervisor"),
        required=False,
        max_length=18,
        help_text=_("Only for the supervisor's sheet."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )


class SheetWordsForm(BindingForm):
    """Some of a sheet's words, read off the paper."""

    words = forms.CharField(
        label=_("These words, as they stand on the paper"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text=_("In the order of their numbers, with a space between them."),
    )


class RecoveryForm(BindingForm):
    """Give a deposit out to a provider whose node is lost."""

    request = forms.CharField(
        label=_("The request, as the new node wrote it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
    )
    fingerprint = forms.CharField(
        label=_("Fingerprint, as told to you"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text=_(
            "By telephone or on paper from the provider itself: whoever holds the request's key gets the share."
        ),
    )


class PersonForm(BindingForm):
    """A new person in the roster."""

    person = forms.CharField(
        label=_("Person's number"),
        max_length=36,
        min_length=36,
        help_text=_("As the portal shows it on the person's account page."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    person_name = forms.CharField(label=_("Name"), max_length=60)
    role = forms.ChoiceField(label=_("Role at this node"), choices=list(ROLES.items()))


class RoleForm(BindingForm):
    """Another role for somebody in the roster."""

    role = forms.ChoiceField(label=_("Role at this node"), choices=list(ROLES.items()))


class NameForm(BindingForm):
    """A destructive act on a person: their name, typed."""

    name = forms.CharField(label=_("The person's name, typed"), max_length=60)

    def __init__(self, data: Any = None, *, name: str, **more: Any) -> None:
        self.expected = name
        super().__init__(data, **more)
        self.fields["name"].help_text = _("Type “%(name)s” to go on.") % {"name": name}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name != self.expected:
            raise forms.ValidationError(_("This is not the person's name."))
        return name


class CapsuleActForm(BindingForm):
    """An act on a capsule: a reason, and its title, typed, where the act cannot be undone."""

    reason = forms.CharField(
        label=_("Reason"), max_length=400, help_text=_("Every user whom its policy names reads it.")
    )
    name = forms.CharField(label=_("The title, typed"), max_length=400)

    def __init__(self, data: Any = None, *, title: str, act: CapsuleActKind, **more: Any) -> None:
        self.expected = title
        super().__init__(data, **more)
        if act not in IRREVERSIBLE:
            del self.fields["name"]
        else:
            self.fields["name"].help_text = _("Type “%(name)s” to go on.") % {"name": title}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name != self.expected:
            raise forms.ValidationError(_("This is another title."))
        return name


AT_FIELD = {
    "factor-wrong": "code",
    "factor-stale": "code",
    "factor-missing": "code",
    "wrong-passphrase": "passphrase",
    "passphrase-missing": "passphrase",
    "fingerprint-wrong": "fingerprint",
    "last-owner": "role",
    "enrolment-code": "code",
    "custody-threshold": "threshold",
    "recovery-unfit": "request",
    "recovery-none": "request",
    "sheet-words": "words",
    "sheet-holder": "organisation",
    "custodian-unfit": "custodians",
}
"""At which field a service's refusal is shown."""


@contextmanager
def errors_in(form: forms.Form) -> Iterator[None]:
    """Show a service's refusal in the form, at its field; what a reader cannot mend here goes on upwards."""
    try:
        yield
    except FactorStale as error:
        form.fields.setdefault("code", CodeField())
        _add(form, error)
    except NodeError as error:
        is_ours = error.status == HTTPStatus.UNPROCESSABLE_ENTITY or isinstance(error, FactorWrong | WrongPassphrase)
        if not is_ours:
            raise
        _add(form, error)


def _add(form: forms.Form, error: NodeError) -> None:
    language = get_language() or "zh-hans"
    named = [name for name in (AT_FIELD.get(error.code, ""), *error.facts) if name in form.fields]
    form.add_error(named[0] if named else None, f"{error.sentence(language)}{error.remedy(language)}")
