"""Chinese is complete: every message of the console's code and templates stands in its catalogue or the interface's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

BASE = Path(settings.BASE_DIR)
WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", *WITH_CONTEXT}
CALL = re.compile(
    r"""\b(p?n?gettext)\((u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")(?:,\s*(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"))?"""
)
ARGUMENT = re.compile(r"""[=\s]_\((["'])(.*?)\1\)""")


def in_code(source: str) -> Iterator[tuple[str | None, str]]:
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS:
            texts = [str(part.value) for part in call.args if isinstance(part, ast.Constant)]
            yield (texts[0], texts[1]) if call.func.id in WITH_CONTEXT else (None, texts[0])


def in_template(source: str) -> Iterator[tuple[str | None, str]]:
    for name, first, second in CALL.findall(templatize(source)):
        one = ast.literal_eval(first.lstrip("u")).replace("%%", "%")
        yield (one, ast.literal_eval(second.lstrip("u"))) if name == "pgettext" else (None, one)
    for _quote, text in ARGUMENT.findall(source):
        yield None, text


def test_no_message_of_the_console_lacks_chinese():
    known = set()
    for app in ("ui", "node"):
        catalogue = polib.pofile(str(BASE / f"apps/{app}/locale/zh_Hans/LC_MESSAGES/django.po"))
        known |= {(entry.msgctxt, entry.msgid) for entry in catalogue if entry.translated() and not entry.fuzzy}
    said = [found for path in BASE.glob("apps/node/console/**/*.py") for found in in_code(path.read_text())]
    said += [found for path in BASE.glob("templates/node/*.html") for found in in_template(path.read_text())]
    assert len(said) > 400
    assert [each for each in said if each not in known] == []


def test_no_translation_stands_for_a_message_that_is_gone():
    catalogue = polib.pofile(str(BASE / "apps/node/locale/zh_Hans/LC_MESSAGES/django.po"))
    said = {found for path in BASE.glob("apps/node/console/**/*.py") for found in in_code(path.read_text())}
    said |= {found for path in BASE.glob("templates/node/*.html") for found in in_template(path.read_text())}
    assert [entry.msgid for entry in catalogue if (entry.msgctxt, entry.msgid) not in said] == []
