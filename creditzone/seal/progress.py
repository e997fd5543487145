"""How far it has come and how long it may still take, on one line of standard error."""

from __future__ import annotations

import sys
import time
from typing import Final

from creditzone.seal.words import say

_EVERY: Final = 0.5


class Progress:
    """Tells each reading of a file of `size` bytes. On a terminal one line is written over, elsewhere lines follow."""

    def __init__(self, size: int, language: str, *, is_quiet: bool) -> None:
        self._size, self._language, self._is_quiet = max(size, 1), language, is_quiet
        self._is_terminal = sys.stderr.isatty()
        self._began = self._told = time.monotonic()
        self._at = 0

    def read(self, done: int) -> None:
        """So many bytes of the present reading are done."""
        now = time.monotonic()
        if done < self._at:  # the file is read once more
            self._began = now
        self._at = done
        pause = _EVERY if self._is_terminal else 10 * _EVERY
        if not self._is_quiet and (now - self._told >= pause or (done >= self._size and self._is_terminal)):
            self._told = now
            self._tell(now - self._began)

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal and not self._is_quiet:
            sys.stderr.write("\n")

    def _tell(self, seconds: float) -> None:
        facts = {
            "percent": 100 * self._at // self._size,
            "done": -(-self._at >> 20),
            "size": -(-self._size >> 20),
            "left": round(seconds / self._at * (self._size - self._at)),
        }
        line = say("progress", self._language, **facts)
        sys.stderr.write(f"\r{line}\x1b[K" if self._is_terminal else f"{line}\n")
        sys.stderr.flush()
