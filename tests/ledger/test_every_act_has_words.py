"""An act that the code writes has words for people; a name in the ledger alone says nothing to an auditor."""

import re
from pathlib import Path

from django.conf import settings

from apps.ledger.words import ACTS

WRITTEN = [
    r"""append_entry\([^)]*?act="([a-z]+\.[a-z-]+)\"""",
    r"""\blog\((?:None|actor), "([a-z]+\.[a-z-]+)\"""",
    r"""\b_log\((?:None, |actor, )?"([a-z]+\.[a-z-]+)\"""",
]


def test_no_act_is_written_without_words():
    written = set()
    for file in Path(settings.BASE_DIR, "apps").rglob("*.py"):
        for form in WRITTEN:
            written |= set(re.findall(form, file.read_text()))
    assert len(written) > 20
    assert written - set(ACTS) == set()
