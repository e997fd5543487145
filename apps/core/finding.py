"""What somebody types into the search of the top bar, held against rows that are already here."""

NEWEST = 300
"""So many of an organisation's newest rows are looked at: what a search costs does not grow with a table."""


def fits(typed: str, *, words: str, keys: tuple[str, ...]) -> bool:
    """Whether the words hold what was typed, or a key (an id, a digest) begins with it."""
    wanted = typed.casefold()
    return wanted in words.casefold() or any(key.casefold().startswith(wanted) for key in keys)
