"""A clause's words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """A clause's words; `%(fact)s` are filled from the refusal's facts."""

    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
