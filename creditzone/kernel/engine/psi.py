"""Private set intersection of two parties' codes. Child side only: call it inside a stage.

RR22 by default, the result to the receiver alone. The receiver learns which of its codes the other holds; both learn
the size of each other's set; the sender learns no code. `docs/leakage.md` says the rest.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.link import Endpoint, Link, LinkCredentials, losing_the_peer, open_link
from creditzone.kernel.engine.stage import LOG_NAME

PROTOCOLS: Final = ("rr22", "kkrt", "ecdh-25519", "ecdh-sm2")
_CODE: Final = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_TRACE: Final = re.compile(rb"Trace has been written to (/tmp/psi_[\w-]+\.trace)")
_KEY: Final = "code"


def intersect(
    codes: Sequence[str],
    *,
    receiver: bool,
    me: Endpoint,
    peer: Endpoint,
    link_id: str,
    credentials: LinkCredentials,
    scratch: Path,
    protocol: str = "rr22",
    timeout_ms: int = 60_000,
) -> list[str] | None:
    """The codes that both hold, sorted, for the receiver; None for the sender.

    Sorted, because the order of a bank's file is not the provider's business once the set is broadcast. Every file
    with a code in it lies in `scratch` and is removed, whatever happens; if the process is killed, wiping `scratch`
    removes it. Raises EngineFault before the session for an empty set, a duplicate, a malformed code or an unknown
    protocol (the peer of a party that fails inside the session would be torn down), else peer-lost, peer-refused.
    """
    require_set(codes)
    if protocol not in PROTOCOLS:
        raise EngineFault("unknown-protocol")
    endpoints = sorted((me, peer), key=lambda endpoint: endpoint.party)
    link = open_link(
        endpoints,
        rank=endpoints.index(me),
        link_id=link_id,
        credentials=credentials,
        scratch=scratch,
        timeout_ms=timeout_ms,
    )
    receiver_name = me.party if receiver else peer.party
    link.agree(
        {
            "protocol": protocol,
            "receiver": hashlib.sha256(receiver_name.encode()).hexdigest(),
            "link": hashlib.sha256(link_id.encode()).hexdigest(),
        }
    )
    receiver_rank = next(at for at, endpoint in enumerate(endpoints) if endpoint.party == receiver_name)
    with _private_folder(scratch / f"psi-{link_id}") as folder, _temporary_files_in(folder):
        _write_codes(folder / "in.csv", codes)
        _execute(link, folder, receiver_rank=receiver_rank, protocol=protocol)
        common = sorted(_read_codes(folder / "out.csv")) if receiver else None
    link.part()
    return common


def require_set(codes: Sequence[str]) -> None:
    """Raises EngineFault for a set that the engine must not see: empty, with a duplicate or a malformed code."""
    if not codes:
        raise EngineFault("empty-set")
    if any(_CODE.fullmatch(code) is None for code in codes):
        raise EngineFault("malformed-code")
    if len(set(codes)) != len(codes):
        raise EngineFault("duplicate-codes")


def _execute(link: Link, folder: Path, *, receiver_rank: int, protocol: str) -> None:
    from spu import psi

    config = psi.PsiExecuteConfig()
    config.protocol_conf = _protocol_of(protocol, receiver_rank=receiver_rank)
    config.input_params = psi.InputParams(
        type=psi.SourceType.SOURCE_TYPE_FILE_CSV,
        path=str(folder / "in.csv"),
        selected_keys=[_KEY],
        keys_unique=True,
    )
    config.output_params = psi.OutputParams(
        type=psi.SourceType.SOURCE_TYPE_FILE_CSV, path=str(folder / "out.csv"), disable_alignment=True
    )
    with losing_the_peer():
        psi.psi_execute(config, link.context)


def _protocol_of(name: str, *, receiver_rank: int) -> Any:
    from spu import psi

    kinds = {
        "rr22": psi.PsiProtocol.PROTOCOL_RR22,
        "kkrt": psi.PsiProtocol.PROTOCOL_KKRT,
        "ecdh-25519": psi.PsiProtocol.PROTOCOL_ECDH,
        "ecdh-sm2": psi.PsiProtocol.PROTOCOL_ECDH,
    }
    config = psi.PsiProtocolConfig(protocol=kinds[name], receiver_rank=receiver_rank, broadcast_result=False)
    if name.startswith("ecdh"):
        curve = psi.EllipticCurveType.CURVE_SM2 if name.endswith("sm2") else psi.EllipticCurveType.CURVE_25519
        config.ecdh_params = psi.EcdhParams(curve=curve)
    return config


@contextmanager
def _private_folder(folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_traces() -> None:
    """The library leaves a file of timings in /tmp, outside its temporary folder, and says so in the stage's log."""
    log = Path.cwd() / LOG_NAME
    for name in _TRACE.findall(log.read_bytes()) if log.is_file() else []:
        Path(name.decode()).unlink(missing_ok=True)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """The library keeps the intersection in its temporary files too, and does not remove them."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)  # reaches the library's getenv
    try:
        yield
    finally:
        _remove_traces()
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def _write_codes(path: Path, codes: Sequence[str]) -> None:
    path.touch(mode=0o600)
    path.write_text("\n".join((_KEY, *codes)) + "\n", encoding="ascii")


def _read_codes(path: Path) -> list[str]:
    with path.open(newline="", encoding="ascii") as lines:
        rows = csv.reader(lines)
        at = next(rows).index(_KEY)
        return [row[at] for row in rows]
