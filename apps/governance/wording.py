"""Zone-wide rules in words at the portal, and what a version changes."""

from collections.abc import Sequence

from django.utils.translation import get_language

from apps.scoring.wording import PortalNames
from apps.ui.pieces import Change, Clause, Words
from creditzone.kernel.documents import Template, ZoneRules
from creditzone.kernel.policy.constraints.base import Segment
from creditzone.kernel.policy.zone_words import say_template, say_zone_rules, zone_differences
from creditzone.kernel.refusals import Language

Sentence = Sequence[Words | Clause]


def language() -> Language:
    """The reader's language as the kernel names it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def sentences_of(rules: ZoneRules, said_in: str) -> list[Sentence]:
    """The floors in one sentence, then each template in one."""
    return [_marked(sentence) for sentence in say_zone_rules(rules, said_in, PortalNames(said_in))]


def template_sentence(template: Template) -> Sentence:
    """One template in the reader's language."""
    return _marked(say_template(template, language(), PortalNames(language())))


def changes_of(old: ZoneRules, new: ZoneRules) -> list[Change]:
    """What a version changes against the one before, in the reader's language."""
    return [
        Change(about=one.aspect, before=one.before, after=one.after, effect=one.effect)
        for one in zone_differences(old, new, language(), PortalNames(language()))
    ]


def _marked(sentence: Sequence[Segment]) -> Sentence:
    return [Clause(part.text, deny=part.deny) if part.clause else part.text for part in sentence]
