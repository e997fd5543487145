"""Zone-wide rules at this node: who governs the zone, what is in force here, and every version that came."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.node import governance, roster
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import GovernorForm, errors_in
from apps.node.roster import Act
from apps.node.wording import sentences_of
from apps.ui.pieces import Clause


@require_http_methods(["GET", "POST"])
def zone_rules(request: NodeRequest) -> HttpResponseBase:
    """Show the rules; an owner or steward says once who governs the zone."""
    said = governance.governor(request.node)
    form = None if said else _form(request)
    if form is not None and form.is_valid():
        with errors_in(form):
            take_code(request, form)
            governance.confirm(request.node, request.acting, form.cleaned_data["organisation"])
            tell(request, _("From now on this node holds policies to that organisation's rules."))
            return redirect("node:zone-rules")
    return _page(request, said, form)


def _form(request: NodeRequest) -> GovernorForm | None:
    own = request.acting.organisation == request.node.organisation
    if not own or not roster.may(request.acting, Act.CONFIRM_CARD):
        return None
    choices = [
        (card.organisation, request.node.name_of(card.organisation, language()))
        for card in request.node.cards().values()
        if card.host is None and card.kind == "code_centre"
    ]
    data = request.POST if request.method == "POST" else None
    return GovernorForm(data, choices=choices, needs_code=needs_code(request))


def _page(request: NodeRequest, said: str | None, form: GovernorForm | None) -> HttpResponse:
    history = governance.history(request.node)
    held = history[0] if history else None
    sentences = sentences_of(request.node, held.rules, language()) if held else []
    context = {
        "governor": request.node.name_of(said, language()) if said else "",
        "form": form,
        "held": held,
        "history": history,
        "sentences": [[Clause(part.text) if part.clause else part.text for part in one] for one in sentences],
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "node/zone_rules.html", context, status=status)
