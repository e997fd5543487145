"""Datasets in words: domains, columns, grounds and faults, named by the domain's own file."""

from dataclasses import dataclass

from django.utils.translation import get_language

from apps.datasets.models import Dataset
from apps.datasets.selectors import ColumnRow, columns_of, faults_of
from creditzone.kernel.domain import UnknownDomain, domain, sentence_of
from creditzone.kernel.domain.model import GROUNDS
from creditzone.kernel.refusals import Language


def language() -> Language:
    """The reader's language as the kernel names it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def domain_name(name: str) -> str:
    """A data domain for the reader; an unknown one as it stands."""
    try:
        return domain(name).label(language())
    except UnknownDomain:
        return name


@dataclass(frozen=True, kw_only=True)
class NamedColumn:
    """One column's quality with its name and ground in words."""

    label: str
    ground: str
    quality: ColumnRow


def named_columns(dataset: Dataset) -> list[NamedColumn]:
    """The columns in the domain's order; one that the domain no longer knows keeps its plain name."""
    return [
        NamedColumn(
            label=_column_label(dataset.domain, column.name),
            ground=GROUNDS.get(column.ground, {}).get(language(), column.ground),
            quality=column,
        )
        for column in columns_of(dataset)
    ]


def _column_label(domain_id: str, name: str) -> str:
    try:
        return domain(domain_id).column(name).label(language())
    except KeyError:  # UnknownDomain is one
        return name


def said_faults(dataset: Dataset) -> list[tuple[str, int]]:
    """Why rows went to quarantine, in words, with how many rows each reason sent there."""
    return [(_fault(fault.code), fault.rows) for fault in faults_of(dataset)]


def _fault(code: str) -> str:
    try:
        return sentence_of(code, language()).rstrip("。.")
    except KeyError:
        return code


def level_of(dataset: Dataset) -> int | None:
    """The dataset's level: its highest column's (就高从严)."""
    return max((column["level"] for column in dataset.columns), default=None)
