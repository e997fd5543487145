"""Chinese is the first language: whatever code and templates mark for people stands in a catalogue, with its facts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
CALLS = {"_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "ngettext": 0, "ngettext_lazy": 0}
WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
IN_TEMPLATE = re.compile(
    r"(?P<call>npgettext|ngettext|pgettext|gettext|_)\(\s*u?(?P<first>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"(?:\s*,\s*u?(?P<second>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))?"
)
Word = tuple[str | None, str]


def in_code(path: Path) -> Iterator[Word]:
    """What a module marks."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not all(isinstance(one, ast.Constant) for one in node.args[:2]):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        values = [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
        if name in CALLS and values:
            yield None, values[0]
        elif name in WITH_CONTEXT and len(values) > 1:
            yield values[0], values[1]


def in_template(path: Path) -> Iterator[Word]:
    """What a template marks, as Django's own extraction sees it."""
    for found in IN_TEMPLATE.finditer(templatize(path.read_text(), origin=str(path))):
        first = ast.literal_eval(found["first"])
        if found["call"] == "pgettext":
            yield first, ast.literal_eval(found["second"])
        else:
            yield None, first


def marked(process: str) -> dict[Word, Path]:
    """Every marked word of the portal or of the node, with one place where it stands."""
    words: dict[Word, Path] = {}
    for path in sorted([*ROOT.glob("apps/**/*.py"), *ROOT.glob("templates/**/*.html")]):
        parts = path.relative_to(ROOT).parts
        owner = parts[1]
        if "migrations" in parts or (owner not in {"ui", process} and (owner == "node") == (process == "portal")):
            continue
        if process == "node" and owner not in {"node", "ui"}:
            continue
        found = in_template(path) if path.suffix == ".html" else in_code(path)
        words |= dict.fromkeys(found, path.relative_to(ROOT))
    return words


def translated(process: str) -> dict[Word, polib.POEntry]:
    """What the process's catalogues say."""
    found = {}
    for path in ROOT.glob("apps/*/locale/zh_Hans/LC_MESSAGES/django.po"):
        app = path.relative_to(ROOT).parts[1]
        if app == "ui" or (app == "node") == (process == "node"):
            found |= {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
    return found


def frameworks(words: dict[Word, Path]) -> set[Word]:
    """Words that Django or allauth translate themselves."""
    from django.utils import translation

    with translation.override("zh-hans"):
        return {word for word in words if word[0] is None and translation.gettext(word[1]) != word[1]}


@pytest.mark.parametrize("process", ["portal", "node"])
def test_every_marked_word_is_translated(process):
    words = marked(process)
    known = {word for word, entry in translated(process).items() if entry.translated()}
    missing = set(words) - known - (frameworks(words) if process == "portal" else set())
    assert sorted(f"{words[word]}: {word[1]}" for word in missing if word[1]) == []


@pytest.mark.parametrize("process", ["portal", "node"])
def test_a_translation_speaks_of_the_same_facts(process):
    """`%(facts)s` of the Chinese are among those of the English; a wrong name would crash the page."""
    wrong = []
    for entry in translated(process).values():
        facts = set(re.findall(r"%\((\w+)\)", entry.msgid + entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if not set(re.findall(r"%\((\w+)\)", text)) <= facts or ("%%" in text and "%%" not in entry.msgid):
                wrong.append(entry.msgid)
    assert wrong == []
