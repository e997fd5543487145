"""House rules that no other tool holds: where gmssl may be, what a template may carry, how long a file may grow."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database import ROOT

LONGEST = 450
LONG_ON_PURPOSE = {
    "apps/ui/templatetags/ui.py": 560,  # every component's signature in one list, as the gallery shows them
    "apps/node/computation.py": 520,
}
"""Files that are one list by nature, with the length up to which that holds."""
ONLY_GMSSL = "creditzone/kernel/sm/sm2_gmssl.py"
OF_ITS_MAKERS = (
    rb"/root" + rb"/",
    rb"/work" + rb"/(?:main|plan|shared|\.library)",
    rb"\b(?:10|192\.168)(?:\.\d{1,3}){2,3}:\d{2,5}",
    rb"(?:https?://|--index-url |-i )[\w.:-]*(?:mirror|pypi|nexus|artifactory)[\w.-]*\.(?:internal|local|lan|corp)\b",
)
NOT_TEXT = {".png", ".gz", ".ico", ".woff2", ".mo"}
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|=\s*[\"']\s*javascript:|hx-on[:-]|"
    r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)",
    re.IGNORECASE,
)


def kept() -> list[Path]:
    """Every file that belongs to the project: what git keeps or would keep, else what lies here."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [os.fsdecode(name) for name in told.stdout.split(b"\0") if name]
    paths = [ROOT / name for name in names] or [
        path for path in ROOT.rglob("*") if not {".venv", "var", "build", ".git"} & set(path.relative_to(ROOT).parts)
    ]
    return [path for path in paths if path.is_file()]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Each Python file with its tree."""
    for path in kept():
        if path.suffix == ".py":
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_gmssl_is_imported_behind_its_hardened_wrapper_only():
    importers = {name for name, tree in modules() if "gmssl" in imported(tree)}
    assert {name for name in importers if not name.startswith("tests/kernel/sm/")} == {ONLY_GMSSL}


def test_the_kernel_imports_no_framework_and_no_app():
    wrong = {
        name: found
        for name, tree in modules()
        if name.startswith("creditzone/kernel/")
        and (found := imported(tree) & {"django", "rest_framework", "celery", "psycopg", "apps", "deploy", "demo"})
    }
    assert wrong == {}


def test_the_kernel_runs_in_an_interpreter_without_django():
    program = (
        "import pkgutil, sys, importlib; sys.modules['django'] = None; import creditzone.kernel as kernel\n"
        "engines = ('creditzone.kernel.engine',)\n"
        "for found in pkgutil.walk_packages(kernel.__path__, 'creditzone.kernel.'):\n"
        "    found.name.startswith(engines) or importlib.import_module(found.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_templates_carry_no_inline_script_style_or_handler():
    wrong = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}: {found.group().strip()}"
        for path in kept()
        if path.suffix == ".html" and "templates" in path.parts
        for text in [path.read_text()]
        for found in INLINE.finditer(text)
    ]
    assert wrong == []


def test_tables_are_drawn_by_the_components():
    outside = [path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "ui"]
    assert [str(path.relative_to(ROOT)) for path in outside if "<table" in path.read_text()] == [], (
        "a table's keyboard, label and scrolling come with {% datatable %} or {% plaintable %}"
    )


def test_no_file_outgrows_its_reader():
    wrong = {}
    for path in kept():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in {".py", ".css", ".js"} or name.startswith("tests/") or "/migrations/" in name:
            continue
        lines = len(path.read_text().splitlines())
        if lines > LONG_ON_PURPOSE.get(name, LONGEST):
            wrong[name] = lines
    assert wrong == {}


@pytest.mark.parametrize("pattern", OF_ITS_MAKERS)
def test_nothing_names_a_place_on_its_makers_machine(pattern):
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in kept()
        if path.suffix not in NOT_TEXT and re.search(pattern, path.read_bytes())
    ]
    assert wrong == []


def test_catalogues_have_no_fuzzy_and_no_empty_entry():
    import polib

    wrong = []
    for path in sorted(ROOT.glob("apps/*/locale/*/LC_MESSAGES/django.po")):
        catalogue = polib.pofile(str(path))
        bad = [*catalogue.fuzzy_entries(), *catalogue.untranslated_entries()]
        wrong += [f"{path.parents[3].name}: {entry.msgid}" for entry in bad]
    assert wrong == []


def test_no_secret_is_kept():
    named = [path.relative_to(ROOT).as_posix() for path in kept()]
    wrong = [name for name in named if name.endswith((".key", ".env", ".pem", "demo.json", "secrets.json", ".sqlite3"))]
    assert wrong == []
