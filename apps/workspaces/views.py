"""The first screen after sign-in, and the search of the top bar."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.core.http import TenantRequest
from apps.registry import selectors as registry
from apps.ui.panels import Panel, panels_for
from apps.workspaces.first_steps import steps_for
from apps.workspaces.search import groups_for
from apps.workspaces.sentences import sentence_for


@require_safe
def home(request: TenantRequest) -> HttpResponse:
    """What is true now in a sentence, the way to the first result while there is none, then the panels."""
    drawn = [(panel, _drawn(panel, request)) for panel in panels_for(request.actor.kind)]
    context = {
        "sentence": sentence_for(request.actor),
        "steps": steps_for(request.actor),
        "stats": [html for panel, html in drawn if panel.width == "stat" and html],
        "full": [html for panel, html in drawn if panel.width == "full" and html],
        "half": [html for panel, html in drawn if panel.width == "half" and html],
    }
    return render(request, "workspaces/home.html", context)


@require_safe
def search(request: TenantRequest) -> HttpResponse:
    """What was typed into the top bar, found kind by kind; a whole code that is registered leads to its firm."""
    typed = " ".join(request.GET.get("q", "").replace("\0", "").split())[: registry.MOST_TYPED]
    code = registry.search(typed).exact
    if code and registry.is_registered(code):
        return redirect("registry:firm", uscc=code)
    groups = groups_for(request, typed) if typed else []
    context = {"typed": typed, "groups": groups, "found": sum(len(group.hits) for group in groups)}
    return render(request, "workspaces/search.html", context)


def _drawn(panel: Panel, request: TenantRequest) -> SafeString | None:
    """The panel, or None when it has nothing to say to this reader."""
    context = panel.selector(request)
    return None if context is None else render_to_string(panel.template, dict(context), request=request)
