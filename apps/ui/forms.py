"""How forms are drawn: every bound field with its label, help and errors in one place."""

from pathlib import Path

from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.template.backends.base import BaseEngine
from django.utils.functional import cached_property


class Renderer(DjangoTemplates):
    """FORM_RENDERER: Django's own widgets, our `ui/field.html` around them."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"

    @cached_property
    def engine(self) -> BaseEngine:
        import django.forms

        own = settings.TEMPLATES[0]["DIRS"]
        return self.backend(
            {
                "APP_DIRS": True,
                "DIRS": [*own, Path(django.forms.__file__).parent / "templates"],
                "NAME": "djangoforms",
                "OPTIONS": {},
            }
        )
