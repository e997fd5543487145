"""The one refusal of this package."""

from typing import Literal

What = Literal["format", "size", "chunk", "digest", "header", "key"]

_WORDS: dict[What, str] = {
    "format": "these bytes are not the capsule body that was asked for, or another version of the format",
    "size": "the capsule body is shorter or longer than its header says",
    "chunk": "a chunk of the capsule body was changed, moved or replaced",
    "digest": "the capsule body is not the one that its header names",
    "header": "the capsule header was changed after its keys were wrapped",
    "key": "this secret is not the one that the capsule's keys are wrapped under",
}


class CapsuleDamaged(ValueError):
    """A capsule does not open. `what` says where it was noticed, never what stands inside."""

    def __init__(self, what: What) -> None:
        self.what = what
        super().__init__(_WORDS[what])
