"""The one form of whatever binds: filled in, then answered for by the person's passkey.

{% load binding %}
{% binding form act=_("Confirm the card") %}…hidden fields…{% endbinding %}
    tone, name: of the button     action: another address     leave: where "leave it as it is" goes
    passkey_alone=True: no one-time code does instead, whatever the node's settings say
"""

from typing import Any

from django import template
from django.forms import Form
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from apps.node import passkeys
from apps.ui.pieces import Words

register = template.Library()


@register.simple_block_tag(takes_context=True)
def binding(
    context: Context,
    content: str,
    form: Form | None = None,
    *,
    act: Words,
    tone: str = "primary",
    name: str = "",
    action: str = "",
    leave: str = "",
    passkey_alone: bool = False,
) -> SafeString:
    """A form whose act binds: the way in is the person's passkey, or by the node's settings a one-time code too."""
    request = context["request"]
    shown: dict[str, Any] = {
        "content": mark_safe(content.strip()),  # noqa: S308 (a rendered template)
        "form": form,
        "act": act,
        "tone": tone,
        "name": name,
        "action": action,
        "leave": leave,
        "has_passkey": passkeys.has_one(request.node, request.acting),
        "by_code": request.node.config.one_time_codes_bind and not passkey_alone,
    }
    return render_to_string("node/_binding.html", shown, request=request)
