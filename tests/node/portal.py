"""The portal's end of the exchange for tests: a small HTTP server that signs as the zone and can be told to lie."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from creditzone.kernel.documents import Downlink, Message, Recalled, Signed, Statement, Uplink, now_ms, parse, read
from tests.node.world import Zone


class Portal:
    """Answers exchanges; keeps what nodes said and what they were not told yet."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.calls: list[Uplink] = []
        self.bytes: list[bytes] = []
        self.statements: dict[str, dict[int, Statement]] = {}
        self.texts: dict[str, dict[int, Signed]] = {}
        self.waiting: dict[str, list[Message]] = {}
        self.alter: Callable[[Signed], Signed] = lambda answer: answer
        self.change: Callable[[Downlink], Downlink] = lambda answer: answer
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if portal.refusal is not None:
                    status, headers = portal.refusal
                    portal.bytes.append(body)
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": "0"}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    return
                answer = portal.answer(body)
                self.send_response(200 if answer is not None else 409)
                answer = answer if answer is not None else b'{"code":"statement-chain"}'
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://zone.localhost:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def tell(self, organisation: str, kind: type, **fields: Any) -> None:
        """Queue a message for a node."""
        with self.lock:
            number = self.zone.numbers.get(organisation, 0) + 1
            self.zone.numbers[organisation] = number
            self.waiting.setdefault(organisation, []).append(kind(number=number, **fields))

    def answer(self, body: bytes) -> bytes | None:
        """The answer; None where a statement differs from the one that was taken in under its number."""
        uplink = read(msgspec.json.decode(body, type=Signed), Uplink)
        with self.lock:
            self.bytes.append(body)
            self.calls.append(uplink)
            said = self.statements.setdefault(uplink.node, {})
            held = self.texts.get(uplink.node, {})
            for statement in uplink.statements:
                number = parse(statement.text.encode(), Statement).number
                if number in held and held[number].digest != statement.digest:
                    return None
            for statement in uplink.statements:
                parsed = parse(statement.text.encode(), Statement)
                said[parsed.number] = parsed
                self.texts.setdefault(uplink.node, {})[parsed.number] = statement
            self.changed.notify_all()
            recalled = () if uplink.recall is None else self.recalled(uplink)
            messages = [one for one in self.waiting.get(uplink.node, []) if one.number > uplink.received]
            answer = self.change(
                Downlink(
                    zone=self.zone.digest,
                    node=uplink.node,
                    counter=uplink.counter,
                    sent_at=now_ms(),
                    acknowledged=max(said, default=0),
                    messages=tuple(messages),
                    recalled=recalled,
                )
            )
        return msgspec.json.encode(self.alter(self.zone.sign(answer)))

    def recalled(self, uplink: Uplink) -> tuple[Recalled, ...]:
        """A node's own statements above a number, as they came; of sealed messages only the digest."""
        held = sorted((number, one) for number, one in self.texts.get(uplink.node, {}).items())
        return tuple(
            Recalled(number=number, digest=one.digest, statement=None if '"kind":"sealed"' in one.text else one)
            for number, one in held
            if number > uplink.recall
        )

    def said(self, organisation: str, kind: str) -> list[Any]:
        """The bodies of a node's statements of one kind, in order."""
        found = sorted(self.statements.get(organisation, {}).items())
        return [one.body for _, one in found if one.body.__struct_config__.tag == kind]

    def wait_for(self, organisation: str, kind: str, *, when: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first statement of this kind that fits, waiting up to a minute for it."""

        def find() -> Any:
            return next((body for body in self.said(organisation, kind) if when(body)), None)

        with self.changed:
            assert self.changed.wait_for(lambda: find() is not None, timeout=60), (
                kind,
                [one.body for one in self.statements.get(organisation, {}).values()][-3:],
            )
            return find()
