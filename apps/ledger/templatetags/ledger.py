"""`{% load ledger %}`: `{{ entry.act|act }}` says an act in the reader's language."""

from django import template
from django.utils.functional import Promise

from apps.ledger.words import say_act

register = template.Library()


@register.filter
def act(name: str) -> Promise | str:
    """An act in words, with its own name where it has none."""
    return say_act(name)
