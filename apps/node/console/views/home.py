"""The first page: what waits for this person, and how the node is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.node import cards, datasets, health, results, roster, signing
from apps.node.console.context import language
from apps.node.console.door import NodeRequest
from apps.node.roster import Act


@require_safe
def home(request: NodeRequest) -> HttpResponse:
    """What waits: drafts to sign, cards to confirm, uploads with faults, results unopened; one line of health."""
    node, acting = request.node, request.acting
    drafts = signing.pending(node, acting)
    may_confirm = acting.organisation == node.organisation and roster.may(acting, Act.CONFIRM_CARD)
    shown = [entry for entry in cards.listing(node) if entry.state == "shown"]
    own = datasets.listing(node, acting)
    faulty = [each for each in own if each.state == "refused" or each.quarantined]
    unopened = [each for each in results.listing(node, acting) if each.state == "sealed" and not each.opened_at]
    report = health.report(node)
    context = {
        "drafts": drafts,
        "drafts_said": [(draft, draft.title(language())) for draft in drafts[:6]],
        "shown_cards": shown,
        "faulty": faulty[:6],
        "faulty_count": len(faulty),
        "datasets_count": len(own),
        "unopened": unopened,
        "reds": [health.red_sentence(code, language()) for code in report.reds],
        "health": report,
        "waits": len(drafts) + (len(shown) if may_confirm else 0) + len(unopened),
    }
    return render(request, "node/home.html", context)
