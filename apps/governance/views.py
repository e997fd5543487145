"""Pages of the zone-wide rules: what is in force and was before, for everybody; drafting the next, for the governor."""

import json
from typing import Any, TypeVar

import msgspec
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from apps.core.errors import Invalid
from apps.core.http import TenantRequest
from apps.exchange.links import sign_url
from apps.governance import selectors, services
from apps.governance.forms import (
    DEFAULT_FLOORS,
    MOST_TEMPLATES,
    FloorsForm,
    TemplateForm,
    bound_templates,
    floor_values,
    initial_templates,
    only_of_the_form,
    raw_values,
    template_values,
)
from apps.governance.models import ZoneRules
from apps.governance.wording import changes_of, language, sentences_of, template_sentence
from apps.tenants.selectors import organisation_by_code
from apps.ui.pieces import Words
from creditzone.kernel import documents

F = TypeVar("F", FloorsForm, TemplateForm)
SAYS: dict[str, Words] = {"zh": "中文", "en": "English"}
CRUMB = gettext_lazy("Zone-wide rules")


@require_safe
def overview(request: TenantRequest) -> HttpResponse:
    """What is in force, its templates, and every version before."""
    history = selectors.history()
    draft = selectors.waiting(request.actor)
    context: dict[str, Any] = {
        "history": [_with_changes(history, at) for at in range(len(history))],
        "may_draft": selectors.may_draft(request.actor),
        "draft": draft,
        "sign_url": sign_url(request.actor, draft.digest) if draft else None,
    }
    if history:
        context |= _shown(history[0])
    return render(request, "governance/overview.html", context)


@require_safe
def version(request: TenantRequest, version: int) -> HttpResponse:
    """One signed version with what it changed and its document."""
    history = selectors.history()
    found = selectors.get_version(version)
    at = next(at for at, one in enumerate(history) if one.version == found.version)
    context = {
        "crumbs": [(CRUMB, reverse("governance:overview")), (f"v{found.version}", "")],
        "line": _with_changes(history, at),
        "is_in_force": at == 0,
        "document": json.dumps(msgspec.to_builtins(found.document), ensure_ascii=False, indent=2),
        **_shown(found),
    }
    return render(request, "governance/version.html", context)


def _shown(rules: ZoneRules) -> dict[str, Any]:
    document = rules.document
    return {
        "rules": rules,
        "governor": organisation_by_code(document.governor),
        "floors": sentences_of(document, language())[0],
        "templates": [(_name(one), template_sentence(one)) for one in document.templates],
    }


def _name(template: documents.Template) -> str:
    return template.name if language() == "zh" else template.name_en


def _with_changes(history: list[ZoneRules], at: int) -> tuple[ZoneRules, list[Any]]:
    before = history[at + 1] if at + 1 < len(history) else None
    return history[at], changes_of(before.document, history[at].document) if before else []


# Drafting ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    """Write the next version; sending it drafts it for the governor's own node."""
    selectors.require_may_draft(request.actor)
    if request.method != "POST":
        waits = selectors.waiting(request.actor)
        return redirect("governance:overview") if waits else _page(request, *_first_forms())
    if "add" in request.POST or "drop" in request.POST:
        return _page(request, *_changed_forms(request))
    floors, templates = FloorsForm(request.POST), bound_templates(request.POST, _count(request))
    if all([floors.is_valid(), *(form.is_valid() for form in templates)]):
        try:
            services.draft_rules(
                actor=request.actor,
                purposes=floors.cleaned_data["purposes"],
                floors=floors.floors(),
                templates=[*(form.template() for form in templates), *_kept()],
            )
        except Invalid as error:
            floors.add_error(None, [str(one) for sentences in error.errors.values() for one in sentences])
        else:
            target = reverse("governance:overview")
            return HttpResponseClientRedirect(target) if request.htmx else redirect(target)
    return _page(request, floors, templates, status=422)


@require_POST
def preview(request: TenantRequest) -> HttpResponse:
    """The sentences of what stands in the form now, and what it changes."""
    selectors.require_may_draft(request.actor)
    floors, templates = FloorsForm(request.POST), bound_templates(request.POST, _count(request))
    return render(request, "governance/_said.html", _said(request, floors, templates))


def _first_forms() -> tuple[FloorsForm, list[TemplateForm]]:
    head = selectors.in_force()
    if head is None:
        return FloorsForm(initial=DEFAULT_FLOORS), []
    values = [template_values(one) for one in head.document.templates if only_of_the_form(one)]
    return FloorsForm(initial=floor_values(head.document.purposes, head.document.floors)), initial_templates(values)


def _kept() -> list[documents.Template]:
    """Templates of the version in force that say more than the form can: they go along as they are."""
    head = selectors.in_force()
    return [one for one in head.document.templates if not only_of_the_form(one)] if head else []


def _count(request: TenantRequest) -> int:
    text = request.POST.get("count", "")
    return min(int(text), MOST_TEMPLATES) if text.isdecimal() and len(text) < 4 else 0


def _changed_forms(request: TenantRequest) -> tuple[FloorsForm, list[TemplateForm]]:
    """What stands in the form, with a template more or the last one less; nothing is checked yet."""
    values = [raw_values(request.POST, f"t{at}") for at in range(1, _count(request) + 1)]
    if "drop" in request.POST:
        values = values[:-1]
    elif len(values) < MOST_TEMPLATES:
        taken = {one["id"] for one in values} | {one.id for one in _kept()}
        fresh = next(name for name in (f"template-{at}" for at in range(1, 99)) if name not in taken)
        values.append({"id": fresh, "days": 30})
    given = FloorsForm(request.POST)
    return FloorsForm(initial={name: given[name].value() for name in given.fields}), initial_templates(values)


def _page(request: TenantRequest, floors: FloorsForm, templates: list[TemplateForm], status: int = 200) -> HttpResponse:
    head = selectors.in_force()
    context = {
        "crumbs": [(CRUMB, reverse("governance:overview")), (_("draft"), "")],
        "number": head.version + 1 if head else 1,
        "floors_form": floors,
        "forms": templates,
        "count": len(templates),
        "may_add": len(templates) < MOST_TEMPLATES,
        "says": SAYS.items(),
        "kept": [_name(one) for one in _kept()],
        **_said(request, floors, templates),
    }
    name = "governance/_form.html" if request.htmx else "governance/new.html"
    return render(request, name, context, status=status)


def _said(request: TenantRequest, floors: FloorsForm, templates: list[TemplateForm]) -> dict[str, Any]:
    """The sentences as far as the form is filled in, and the difference to the version in force."""
    say = request.POST.get("say", "")
    say = say if say in SAYS else language()
    floors, templates = _filled(floors), [_filled(form) for form in templates]
    whole = floors.is_valid() and all(form.is_valid() for form in templates)
    head = selectors.in_force()
    rules = None
    if whole:
        try:
            rules = services.compose_rules(
                actor=request.actor,
                purposes=floors.cleaned_data["purposes"],
                floors=floors.floors(),
                templates=[*(form.template() for form in templates), *_kept()],
            )
        except Invalid:
            rules = None
    return {
        "shown": say,
        "sentences": sentences_of(rules, say) if rules else [],
        "unfinished": rules is None,
        "head": head,
        "changes": changes_of(head.document, rules) if rules and head else [],
    }


def _filled(form: F) -> F:
    """The form bound to what it shows, so that a page that is first opened has its sentence too."""
    if form.is_bound:
        return form
    values = {form.add_prefix(name): form[name].value() for name in form.fields}
    return type(form)(_Answers(values), prefix=form.prefix)


class _Answers(dict[str, Any]):
    """Values as a form takes them, lists as lists."""

    def getlist(self, name: str) -> list[Any]:
        """All values of one name."""
        found = self.get(name)
        return list(found) if isinstance(found, list | tuple) else [] if found is None else [found]
