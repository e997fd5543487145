"""`docs/` against what it describes: packages, layers, refusals' clauses, links and commands."""

import re
import tomllib

import pytest

from creditzone.kernel.policy.constraints import KINDS
from creditzone.kernel.refusals import CLAUSES
from tests.database import ROOT

DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def required(name: str) -> set[str]:
    """The packages that a requirements file names directly, without extras and versions."""
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[\[=<>~!]", line)[0].strip() for line in lines if line.strip() and line[0] not in "#-"}


@pytest.mark.parametrize(("file", "heading"), [("requirements.in", "Runtime"), ("requirements-dev.in", "Development")])
def test_each_direct_requirement_has_its_purpose_and_licence(file, heading):
    page = (ROOT / "docs" / "dependencies.md").read_text()
    section = page.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert {name for name, *_ in rows} == required(file)
    assert len(rows) == len({name for name, *_ in rows})
    assert all(cell.strip() for row in rows for cell in row)


def test_each_refusal_clause_is_explained_in_both_languages():
    for clause, words in CLAUSES.items():
        assert re.fullmatch(r"[a-z][a-z-]*", clause), clause
        assert all((words.zh, words.en, words.remedy_zh, words.remedy_en)), clause
        assert set(re.findall(r"%\((\w+)\)", words.zh)) == set(re.findall(r"%\((\w+)\)", words.en)), clause


def test_the_page_of_errors_names_every_clause_and_no_other():
    page = (ROOT / "docs" / "errors.md").read_text()
    section = page.split("## Clauses", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == set(CLAUSES)


def test_each_kind_of_clause_is_described():
    page = (ROOT / "docs" / "policy.md").read_text()
    section = page.split("## Clauses", 1)[1].split("\n## ", 1)[0]
    named = re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)
    assert named == [kind.__struct_config__.tag for kind in KINDS]


def test_the_architecture_lists_the_layers_as_they_are_held():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [name.removeprefix("apps.") for one in contracts for name in one.get("layers", [])]
    page = (ROOT / "docs" / "architecture.md").read_text()
    section = page.split("## Layers", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [*layers, "kernel"]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_and_paths_lead_somewhere(page):
    text = page.read_text()
    links = [target.split("#")[0] for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text)]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    named = re.findall(r"`((?:apps|creditzone|deploy|demo|docs|tests|bench|templates|static)/[\w./-]*\w/?)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_make_has_the_commands_that_are_written_down():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {"PYTHON"}
    said = {word for page in DOCS for word in re.findall(r"`make (\w+)", page.read_text())}
    assert said <= targets
