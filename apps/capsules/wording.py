"""Policies in words at the portal: names from the zone's organisations and its registered scorecards.

The node renders the sentence again from the document itself, with the names of confirmed cards: what is signed is that
one."""

from apps.scoring import selectors as scoring
from apps.tenants.models import Organisation
from creditzone.kernel.documents import Policy
from creditzone.kernel.policy.constraints.base import Names, Segment
from creditzone.kernel.policy.sentence import say_policy


class PortalNames:
    """Names of organisations and scorecards in one language, read once a page."""

    def __init__(self, language: str) -> None:
        self._organisations = {
            one.uscc: one.name if language == "zh" else one.name_en for one in Organisation.objects.all()
        }
        self._models = {
            card.digest: f"{card.name if language == 'zh' else card.name_en} v{card.version}"
            for card in scoring.cards()
        }

    def organisation(self, uscc: str) -> str:
        """The organisation's name, or its code."""
        return self._organisations.get(uscc, uscc)

    def model(self, digest: str) -> str:
        """The scorecard's name and version, or its digest in short."""
        return self._models.get(digest, digest[:16])


def policy_segments(policy: Policy, language: str) -> list[list[Segment]]:
    """One list of segments a rule, for the sentence component."""
    names: Names = PortalNames(language)
    return say_policy(policy, language, names)


def policy_sentences(policy: Policy, language: str) -> list[str]:
    """Each rule as plain text."""
    return ["".join(segment.text for segment in sentence) for sentence in policy_segments(policy, language)]
