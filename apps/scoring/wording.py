"""Names in what the kernel says: organisations of the zone and registered scorecards."""

from apps.scoring import selectors as scoring
from apps.tenants.models import Organisation


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
