"""Keys in another process, as in a hardware module: it is asked to sign and to open, and has no word for giving out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from apps.node.keys import NodeKeys, Pair
from apps.node.keystore import Keystore
from apps.node.node import Node
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error
from creditzone.kernel.sm.sm4 import AuthenticationError

REFUSALS = {"Sm2Error": Sm2Error, "AuthenticationError": AuthenticationError}


class Module:
    """The near end: a `KeyProvider` that holds nothing but a line to the process that has the keys."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._lock = threading.Lock()

    def _ask(self, what: str, *given: Any) -> Any:
        with self._lock:
            self._line.send((what, given))
            refusal, answer = self._line.recv()
        if refusal:
            raise REFUSALS[refusal](answer)
        return answer

    def pairs(self) -> tuple[Pair, ...]:
        return tuple(
            Pair(PublicKey.from_hex(one), PublicKey.from_hex(two), link) for one, two, link in self._ask("pairs")
        )

    def sign(self, key: PublicKey, message: bytes) -> bytes:
        return self._ask("sign", key.hex, message)

    def decrypt(self, key: PublicKey, sealed: bytes) -> bytes:
        return self._ask("decrypt", key.hex, sealed)

    def seal(self, plain: bytes, *, use: str) -> bytes:
        return self._ask("seal", plain, use)

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        return self._ask("open_sealed", sealed, use)

    def link_key(self, certificate: str) -> str:
        return self._ask("link_key", certificate)

    def draw(self) -> Pair:
        self._ask("draw")
        return self.pairs()[-1]

    def destroy(self, pair: Pair) -> None:
        self._ask("destroy", pair.link_certificate)


def serve(line: Connection, home: str, passphrase: str) -> None:
    """The far end, until the line is cut."""
    held = Keystore.open(Path(home), passphrase)
    answers = {
        "pairs": lambda: [(one.signing.hex, one.encryption.hex, one.link_certificate) for one in held.pairs()],
        "sign": lambda key, message: held.sign(PublicKey.from_hex(key), message),
        "decrypt": lambda key, sealed: held.decrypt(PublicKey.from_hex(key), sealed),
        "seal": lambda plain, use: held.seal(plain, use=use),
        "open_sealed": lambda sealed, use: held.open_sealed(sealed, use=use),
        "link_key": held.link_key,
        "draw": lambda: held.draw() and None,
        "destroy": lambda link: held.destroy(next(one for one in held.pairs() if one.link_certificate == link)),
    }
    while True:
        try:
            what, given = line.recv()
        except EOFError:
            return
        try:
            line.send(("", answers[what](*given)))
        except (Sm2Error, AuthenticationError) as error:
            line.send((type(error).__name__, str(error)))


@contextmanager
def keys_elsewhere(node: Node, passphrase: str) -> Iterator[Node]:
    """The node with its keys in a process of their own; its key file is out of the home for good."""
    context = get_context("spawn")
    near, far = context.Pipe()
    apart = node.home.with_name(f"{node.home.name}-module")
    (apart / "keys").mkdir(parents=True)
    (node.home / "keys" / "own.key").rename(apart / "keys" / "own.key")
    child = context.Process(target=serve, args=(far, str(apart), passphrase), daemon=True)
    child.start()
    far.close()
    module = Module(near)
    try:
        yield replace(node, keys=NodeKeys(module, node.keys.in_force))
    finally:
        near.close()
        child.join(timeout=20)
        assert child.exitcode == 0
