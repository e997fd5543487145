"""What a clause names beside its sentence is shown under a word, not under the name that the code has for it."""

import re

from apps.compute.wording import FACTS
from creditzone.kernel.refusals import CLAUSES


def test_every_fact_in_a_clauses_sentences_has_a_word():
    named = {name for clause in CLAUSES.values() for name in re.findall(r"%\((\w+)\)s", repr(clause))}
    assert named
    assert named - set(FACTS) == set()
