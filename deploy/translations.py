"""Translations: `.po` files are kept, `.mo` files are made from them at set-up, without GNU gettext."""

from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent


def compile_all() -> int:
    """Make every `.mo` that is missing or older than its `.po`; returns how many were made."""
    made = 0
    for source in sorted(ROOT.glob("*/**/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            made += 1
    return made


if __name__ == "__main__":
    print(compile_all())
