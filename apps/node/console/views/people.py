"""The roster: who may act at this node, and as what. Owners keep it; a factor's secret is shown once."""

import io
import re

import qrcode
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from qrcode.image.svg import SvgPathImage

from apps.node import passkeys, people, roster
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import BindingForm, NameForm, PasskeyForm, PersonForm, RoleForm, errors_in
from apps.node.console.words import ROLES
from apps.node.errors import Forbidden, NotFound
from apps.node.factors import Enrolment
from apps.node.roster import Act, RosterEntry
from creditzone.kernel.documents import now_ms

NOT_SVG = re.compile(r"<\?xml[^>]*>\s*")


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """Everybody who may act here."""
    now = now_ms()
    lines = [
        {
            "entry": each,
            "role": ROLES[each.role],
            "is_locked": each.locked_until > now,
            "is_you": _is_you(request, each),
        }
        for each in roster.listing(request.node, request.acting)
    ]
    context = {"lines": lines, "may_edit": roster.may(request.acting, Act.EDIT_ROSTER)}
    return render(request, "node/roster.html", context)


@require_http_methods(["GET", "POST"])
def add(request: NodeRequest) -> HttpResponseBase:
    """Enter a person; the new factor's secret is on the answer and nowhere else."""
    _owners_only(request)
    form = PersonForm(_data(request), needs_code=needs_code(request))
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            enrolment = people.add(
                request.node,
                request.acting,
                person=form.cleaned_data["person"],
                person_name=form.cleaned_data["person_name"],
                role=form.cleaned_data["role"],
            )
            return _enrolled(request, enrolment, form.cleaned_data["person_name"])
    return render(request, "node/person_add.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def person(request: NodeRequest, person: str) -> HttpResponseBase:
    """One person: another role, a new factor, or off the list."""
    _owners_only(request)
    entry = _find(request, person)
    what = request.POST.get("what", "")
    asks_code = needs_code(request)
    forms: dict[str, BindingForm] = {
        "role": RoleForm(
            _data(request) if what == "role" else None,
            needs_code=asks_code,
            initial={"role": entry.role},
            prefix="role",
        ),
        "factor": BindingForm(_data(request) if what == "factor" else None, needs_code=asks_code, prefix="factor"),
        "remove": NameForm(
            _data(request) if what == "remove" else None,
            needs_code=asks_code,
            name=entry.person_name,
            prefix="remove",
        ),
    }
    form = forms.get(what)
    if form is not None and form.is_valid():
        with errors_in(form):
            take_code(request, form)
            return _change(request, entry, what, form)
    context = {
        "entry": entry,
        "role": ROLES[entry.role],
        "forms": forms,
        "is_you": _is_you(request, entry),
        "passkeys": passkeys.listing(request.node, request.acting, person=person),
    }
    return render(request, "node/person.html", context, status=422 if request.method == "POST" else 200)


@require_POST
def draw_code(request: NodeRequest, person: str) -> HttpResponseBase:
    """An enrolment code for somebody, on the answer and nowhere else."""
    entry = _find(request, person)
    drawn = passkeys.issue_code(request.node, request.acting, person=entry.person)
    return render(request, "node/enrolment_code.html", {"drawn": drawn, "name": entry.person_name})


@require_http_methods(["GET", "POST"])
def person_passkey(request: NodeRequest, person: str, credential: str) -> HttpResponseBase:
    """Revoke somebody's passkey, for instance one that was lost."""
    _owners_only(request)
    entry = _find(request, person)
    found = [each for each in passkeys.listing(request.node, request.acting, person=person) if not each.revoked_at]
    passkey = next((each for each in found if each.credential == credential), None)
    if passkey is None:
        raise NotFound
    form = BindingForm(_data(request), needs_code=needs_code(request))
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            passkeys.revoke(request.node, request.acting, credential)
            tell(request, _("The passkey “%(name)s” is revoked.") % {"name": passkey.name})
            return redirect("node:person", person=person)
    context = {"entry": entry, "passkey": passkey, "form": form}
    return render(request, "node/person_passkey.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def confirm_passkey(request: NodeRequest, person: str) -> HttpResponseBase:
    """Believe a passkey that somebody enrolled, by its fingerprint."""
    _owners_only(request)
    entry = _find(request, person)
    form = PasskeyForm(_data(request), needs_code=False)
    if form.is_valid():
        with errors_in(form):
            passkeys.confirm(request.node, request.acting, person=person, typed=form.cleaned_data["fingerprint"])
            tell(request, _("The passkey of %(name)s is confirmed.") % {"name": entry.person_name})
            return redirect("node:person", person=person)
    context = {"entry": entry, "form": form}
    return render(request, "node/passkey_confirm.html", context, status=422 if form.is_bound else 200)


def _change(request: NodeRequest, entry: RosterEntry, what: str, form: BindingForm) -> HttpResponseBase:
    if what == "factor":
        enrolment = people.new_factor(request.node, request.acting, person=entry.person)
        return _enrolled(request, enrolment, entry.person_name)
    if what == "role":
        people.change(request.node, request.acting, person=entry.person, role=form.cleaned_data["role"])
        tell(request, _("%(name)s has another role now.") % {"name": entry.person_name})
    else:
        people.remove(request.node, request.acting, person=entry.person)
        tell(request, _("%(name)s is off the list.") % {"name": entry.person_name})
    return redirect("node:roster")


def _enrolled(request: NodeRequest, enrolment: Enrolment, name: str) -> HttpResponse:
    context = {"enrolment": enrolment, "name": name, "picture": _picture(enrolment.uri)}
    return render(request, "node/enrolment.html", context)


def _picture(uri: str) -> SafeString:
    """The otpauth address as an SVG that any authenticator reads; drawn here, sent nowhere."""
    drawn = io.BytesIO()
    qrcode.make(uri, image_factory=SvgPathImage, border=2, box_size=8).save(drawn)
    return mark_safe(NOT_SVG.sub("", drawn.getvalue().decode()))  # noqa: S308 (our own drawing of a path)


def _owners_only(request: NodeRequest) -> None:
    if not roster.may(request.acting, Act.EDIT_ROSTER):
        raise Forbidden("forbidden", role=str(ROLES[request.acting.role]))


def _find(request: NodeRequest, person: str) -> RosterEntry:
    for entry in roster.listing(request.node, request.acting):
        if entry.person == person:
            return entry
    raise NotFound


def _data(request: NodeRequest) -> object:
    return request.POST if request.method == "POST" else None


def _is_you(request: NodeRequest, entry: RosterEntry) -> bool:
    return entry.person == request.acting.person
