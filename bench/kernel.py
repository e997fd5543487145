"""How much code must be trusted: lines of the kernel by package, without blank lines, comments and docstrings."""

import ast
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

KERNEL = Path(__file__).resolve().parent.parent / "creditzone" / "kernel"
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Row:
    """A package of the kernel: files and lines of code."""

    what: str
    files: int
    lines: int


def run() -> list[Row]:
    """Each package of the kernel, and all of it."""
    counted: dict[str, list[int]] = {}
    for path in sorted(KERNEL.rglob("*.py")):
        inner = path.relative_to(KERNEL).parts
        counted.setdefault(inner[0] if len(inner) > 1 else "documents, orders, refusals", []).append(code_lines(path))
    rows = [Row(name, len(lines), sum(lines)) for name, lines in counted.items()]
    return [*rows, Row("the trusted kernel", sum(row.files for row in rows), sum(row.lines for row in rows))]


def code_lines(path: Path) -> int:
    """Lines that hold code."""
    text = path.read_text(encoding="utf-8")
    docstrings = {line for start, end in _docstrings(text) for line in range(start, end + 1)}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def _docstrings(text: str) -> list[tuple[int, int]]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found.append((first.lineno, first.end_lineno or first.lineno))
    return found
