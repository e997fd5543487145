"""Data domains: what a file must look like, one declarative JSON file each. To add one, write its file."""

from creditzone.kernel.domain.check import REASONS, Fault, check_columns, check_header, check_row, sentence_of
from creditzone.kernel.domain.model import Column, Domain, UnknownDomain, domain, domains, say_column

__all__ = [
    "REASONS",
    "Column",
    "Domain",
    "Fault",
    "UnknownDomain",
    "check_columns",
    "check_header",
    "check_row",
    "domain",
    "domains",
    "say_column",
    "sentence_of",
]
