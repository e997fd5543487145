"""What every page of the console shows beside its own content: the band, waiting counts, passing messages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.node import signing
from apps.node.console.door import NodeRequest, the_node
from apps.node.console.signins import SIGN_INS
from apps.ui.navigation import register_count
from apps.ui.pieces import Band


def language() -> str:
    """The reader's language as the services name it."""
    return get_language() or settings.LANGUAGE_CODE


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the node's band, whom the page belongs to, what to say once."""
    node, signed_in = the_node(), getattr(request, "signed_in", None)
    own = node.config.organisation
    organisation = signed_in.organisation if signed_in else own
    is_firm = organisation != own
    host = node.config.name_en if language() == "en" else node.config.name
    band = Band(
        organisation=node.name_of(organisation, language()),
        kind=node.config.kind if organisation == own else "sme",
        say=_("The host of this node: %(host)s") % {"host": host} if is_firm else "",
        person=signed_in.person_name if signed_in else "",
        minutes_left=SIGN_INS.minutes_left(signed_in) if signed_in else None,
        portal_url=settings.PORTAL_URL,
        leave_url=reverse("node:leave"),
    )
    said = list(signed_in.said) if signed_in else []
    if signed_in:
        signed_in.said.clear()
    return {
        "band": band,
        "portal_url": settings.PORTAL_URL,
        "is_firm": is_firm,
        "host_name": host,
        "messages": said,
    }


def count_drafts(request: HttpRequest) -> int:
    """How many documents wait for this person's organisation to sign."""
    if not hasattr(request, "acting"):
        return 0
    here: NodeRequest = request  # type: ignore[assignment]
    return len(signing.pending(here.node, here.acting))


def register() -> None:
    """Put the counts beside the node's navigation, once a process."""
    register_count("node:sign", count_drafts)
