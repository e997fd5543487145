"""`python -m creditzone.seal FILE --domain ID --card CARD`: seal a file for one node, on one's own premises."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
from collections.abc import Sequence
from enum import IntEnum
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from creditzone.kernel.credit.uscc import InvalidUscc, parse_uscc
from creditzone.kernel.documents import (
    Card,
    Package,
    Signed,
    digest_of,
    require_signature,
)
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.domain import Domain, domains
from creditzone.kernel.intake.sources import FileRefused
from creditzone.kernel.intake.words import say_fault, say_refusal
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.seal.packing import pack
from creditzone.seal.progress import Progress
from creditzone.seal.words import knows, say

_SPARE: Final = 16 << 20


class End(IntEnum):
    """How the program ends."""

    SEALED = 0
    USAGE = 2
    CARD = 3
    FILE = 4
    DISK = 5
    INTERRUPTED = 130


class Stopped(Exception):
    """Nothing was sealed; the sentence says why."""

    def __init__(self, end: End, word: str, **facts: object) -> None:
        self.end, self.word, self.facts = end, word, facts
        super().__init__(word)


def main(arguments: Sequence[str] | None = None) -> int:
    """Seal one file; counts as JSON on standard output, everything for people on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    language = _language(given)
    chosen = _parser(language).parse_args(given)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _seal(chosen, language)
    except Stopped as stop:
        return _end(stop.end, say(stop.word, language, **stop.facts))
    except FileRefused as refusal:
        words = say if knows(refusal.code) else None
        why = (
            words(refusal.code, language, **refusal.facts)
            if words
            else say_refusal(refusal.code, refusal.facts, language)
        )
        return _end(End.FILE, say("refused", language, why=why))
    except OSError as error:
        return _end(End.DISK, say("disk", language, path=error.filename or chosen.file, what=error.strerror or "?"))
    except KeyboardInterrupt:
        return _end(End.INTERRUPTED, say("interrupted", language))
    return End.SEALED


def _why(refusal: FileRefused, language: str) -> str:
    if knows(refusal.code):
        return say(refusal.code, language, **refusal.facts)
    return say_refusal(refusal.code, refusal.facts, language)


def _seal(chosen: argparse.Namespace, language: str) -> None:
    found = _domain(chosen.domain)
    card = _card(chosen.card)
    organisation = _organisation(chosen.organisation) if chosen.organisation else card.organisation
    output = chosen.output or chosen.file.with_suffix(".czpack")
    _require_room(chosen.file, output)
    _require_compared(card, chosen.fingerprint, language)
    progress = Progress(chosen.file.stat().st_size, language, is_quiet=chosen.quiet)
    try:
        package = pack(chosen.file, output, found=found, card=card, organisation=organisation, on_read=progress.read)
    finally:
        progress.end()
    _report(package, output, language)


def _report(package: Package, output: Path, language: str) -> None:
    facts = {"rows": package.rows, "accepted": package.accepted, "quarantined": package.quarantined}
    print_of = fingerprint(digest_of(package))
    lines = [say("sealed", language, output=output, **facts), say("print", language, print=print_of)]
    lines += [f"  {number:>10,}  {say_fault(code, language)}" for code, number in package.faults]
    sys.stderr.write("\n".join(lines) + "\n")
    columns = [{"name": one.name, "filled": one.filled, "valid": one.valid} for one in package.columns]
    said: dict[str, Any] = {
        "package": str(output),
        "digest": digest_of(package),
        "dataset": package.dataset,
        "encoding": package.encoding,
        **facts,
        "faults": dict(package.faults),
        "notes": dict(package.notes),
        "columns": columns,
    }
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")


def _domain(name: str) -> Domain:
    known = _domains()
    if name not in known:
        raise Stopped(End.USAGE, "unknown-domain", domain=name, domains=", ".join(known))
    return known[name]


def _domains() -> dict[str, Domain]:
    """The domains that people bring files of; rows of the others are made by a node."""
    return {name: found for name, found in domains().items() if not found.derived}


def _organisation(code: str) -> str:
    try:
        parse_uscc(code)
    except InvalidUscc:
        raise Stopped(End.USAGE, "organisation-wrong", code=code) from None
    return code


def _card(path: Path) -> Card:
    """The card in a file, its own signature checked."""
    try:
        said = msgspec.json.decode(path.read_bytes())
        signed = msgspec.convert(said.get("card", said), type=Signed)
        claimed = msgspec.json.decode(signed.text.encode(), type=Card)
        key = PublicKey.from_hex(claimed.signing_key)
        card = require_signature(signed, Card, by=claimed.organisation, key=key)
        PublicKey.from_hex(card.encryption_key)
    except (ValueError, AttributeError):
        raise Stopped(End.CARD, "card-unreadable", path=path) from None
    if card.host is not None:
        raise Stopped(End.CARD, "card-hosted", host=card.host)
    return card


def _require_compared(card: Card, given: str | None, language: str) -> None:
    """The keys are sealed to this card's key: whoever sends another card must not read the rows."""
    if given is None:
        if not sys.stdin.isatty():
            raise Stopped(End.CARD, "no-terminal")
        name = card.name if language == "zh" else card.name_en
        sys.stderr.write(say("compare", language, name=name, organisation=card.organisation))
        sys.stderr.flush()
        given = sys.stdin.readline()
    right = "".join(fingerprint(digest_of(card)).split())
    if not compare_digest("".join(given.split()).upper().encode(), right.encode()):
        raise Stopped(End.CARD, "fingerprint-wrong")


def _require_room(source: Path, output: Path) -> None:
    if output.exists():
        raise Stopped(End.DISK, "output-exists", path=output)
    need = 2 * source.stat().st_size + _SPARE
    if shutil.disk_usage(output.absolute().parent).free < need:
        raise Stopped(End.DISK, "no-room", need=need >> 20)


def _end(end: End, sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return end


def _language(given: Sequence[str]) -> str:
    """What `--language` says, else what the environment does; it is needed before the help can be written."""
    for at, word in enumerate(given):
        if word == "--language" and at + 1 < len(given):
            return "en" if given[at + 1] == "en" else "zh"
        if word.startswith("--language="):
            return "en" if word.endswith("=en") else "zh"
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "zh"


class _Parser(argparse.ArgumentParser):
    """The standard one, in the reader's language."""

    language = "en"

    def format_usage(self) -> str:
        return super().format_usage().replace("usage: ", say("usage", self.language), 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", say("usage", self.language), 1)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(End.USAGE, say("misused", self.language, what=message) + "\n")


def _parser(language: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m creditzone.seal",
        description=say("about", language),
        epilog=say("ends", language),
        add_help=False,
        allow_abbrev=False,
    )
    parser.language = language
    what = parser.add_argument_group(say("what", language))
    what.add_argument("file", type=Path, metavar="FILE", help=say("file", language))
    what.add_argument(
        "--domain", required=True, metavar="ID", help=say("domain", language, domains=", ".join(_domains()))
    )
    what.add_argument("--organisation", metavar="CODE", help=say("organisation", language))
    whom = parser.add_argument_group(say("whom", language))
    whom.add_argument("--card", type=Path, required=True, metavar="FILE", help=say("card", language))
    whom.add_argument("--fingerprint", metavar="TEXT", help=say("fingerprint", language))
    how = parser.add_argument_group(say("how", language))
    how.add_argument("--output", type=Path, metavar="FILE", help=say("output", language))
    how.add_argument("--language", choices=("zh", "en"), help=say("language", language))
    how.add_argument("--quiet", action="store_true", help=say("quiet", language))
    how.add_argument("--help", "-h", action="help", help=say("help", language))
    return parser


if __name__ == "__main__":
    sys.exit(main())
