"""Choices that a form learns when it is made: from the database, in the reader's language."""

from collections.abc import Sequence
from typing import Any

from django import forms


def offer_choices(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
    """Let a field of choices, single or several, offer these."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
