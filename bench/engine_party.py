"""Stage of the engines' bench: one party of one measurement. It makes its own rows and times only the work.

Importing the library, opening the link and making the rows are not timed; files in and out are.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from creditzone.kernel.engine import mpc, runtime
from creditzone.kernel.engine.link import Endpoint, Link, LinkCredentials, meet, open_link, quiet_engine_log
from creditzone.kernel.engine.program import band_program, naive_band_program, sum_program
from creditzone.kernel.engine.psi import intersect
from creditzone.kernel.engine.stage import Emit, serve

CUTS = [380, 430, 480, 530, 580, 630, 680]


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    import spu  # noqa: F401 (its import is not the work)

    return KINDS[task["kind"]](task).taken


class Watch:
    """Seconds on the wall and of the processor (this process's and its children's), from its making to `stop`."""

    def __init__(self) -> None:
        self._began = self._now()
        self.taken: dict[str, Any] = {}

    def stop(self) -> None:
        wall, core = (now - before for now, before in zip(self._now(), self._began, strict=True))
        self.taken = {"seconds": wall, "core_seconds": core}

    @staticmethod
    def _now() -> tuple[float, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime


def psi_ours(task: dict[str, Any]) -> Watch:
    """Our `intersect`: set checked, mutual TLS, agreement, sorted result, files removed. The link's opening counts."""
    codes = codes_of(task)
    endpoints = endpoints_of(task)
    me, peer = endpoints if task["rank"] == 0 else endpoints[::-1]
    watch = Watch()
    found = intersect(
        codes,
        receiver=task["rank"] == 0,
        me=me,
        peer=peer,
        link_id="bench",
        credentials=credentials_of(task),
        scratch=Path.cwd(),
    )
    watch.stop()
    require(found is None or len(found) == task["rows"] // 2)
    return watch


def psi_raw(task: dict[str, Any]) -> Watch:
    """The library alone: no TLS, no checks, CSV in and CSV out. The link's opening counts."""
    from spu import psi

    Path("in.csv").write_text("\n".join(("code", *codes_of(task))) + "\n")
    watch = Watch()
    link = plain_link(task)
    psi.psi_execute(
        psi.PsiExecuteConfig(
            protocol_conf=psi.PsiProtocolConfig(protocol=psi.PsiProtocol.PROTOCOL_RR22, receiver_rank=0),
            input_params=psi.InputParams(path=str(Path.cwd() / "in.csv"), selected_keys=["code"], keys_unique=True),
            output_params=psi.OutputParams(path=str(Path.cwd() / "out.csv"), disable_alignment=True),
        ),
        link.context,
    )
    watch.stop()
    link.part()
    return watch


def grade_ours(task: dict[str, Any]) -> Watch:
    """Our `Session.grade` over mutual TLS; the recipient also compares every row with the grades in the clear."""
    with mpc.Session(
        task["protocol"],
        rank=task["rank"],
        endpoints=endpoints_of(task),
        link_id="bench",
        credentials=credentials_of(task),
    ) as session:
        session.agree({})
        watch = Watch()
        bands = session.grade(points_of(task), cuts=CUTS, disclosure="grade", recipient_rank=0)
        watch.stop()
    require(bands is None or np.array_equal(bands, plain_bands(task)))
    return watch


def grade_naive(task: dict[str, Any]) -> Watch:
    """One comparison for each cut in a 64-bit ring and the library's default transfers, over the same link."""
    kind = {"cheetah": "CHEETAH", "aby3": "ABY3"}[task["protocol"]]
    runtime._CONFIGS[task["protocol"]] = {"protocol": kind, "field": "FM64"}
    parties = len(task["endpoints"])
    batch = mpc.BATCHES[-1]
    text = naive_band_program(CUTS, parties=parties, rows=batch)
    link = open_link(
        endpoints_of(task),
        rank=task["rank"],
        link_id="bench",
        credentials=credentials_of(task),
        scratch=Path.cwd(),
        timeout_ms=120_000,
    )
    link.agree({})
    engine = runtime.Engine(task["protocol"], link=link)
    watch = Watch()
    for piece in mpc._padded(points_of(task), batch):
        engine.run(text, piece)
        engine.take()
    watch.stop()
    link.part()
    return watch


def grade_raw(task: dict[str, Any]) -> Watch:
    """The library alone on our program: no TLS, no agreement; shares in, sums and comparisons, the output joined."""
    return _bare_session(task, band_program, CUTS)


def add_raw(task: dict[str, Any]) -> Watch:
    """The library alone, additions only: what no joint grade can be cheaper than."""
    return _bare_session(task, lambda _cuts, **shape: sum_program(**shape), [])


def _bare_session(task: dict[str, Any], program: Callable[..., str], cuts: list[int]) -> Watch:
    parties, points = len(task["endpoints"]), points_of(task)
    batch, _ = mpc._batches_of(len(points))
    text = program(cuts, parties=parties, rows=batch)
    link = plain_link(task)
    engine = runtime.Engine(task["protocol"], link=link)
    watch = Watch()
    shares = []
    for piece in mpc._padded(points, batch):
        engine.run(text, piece)
        shares.append(engine.take())
    if task["rank"]:
        for share in shares:
            link.send(0, runtime.pack(share))
    else:
        for share in shares:
            engine.join([share, *(runtime.unpack(link.receive(rank)) for rank in range(1, parties))])
    watch.stop()
    link.part()
    return watch


def plain_link(task: dict[str, Any]) -> Link:
    from spu import libspu

    quiet_engine_log(Path.cwd())
    endpoints = endpoints_of(task)
    description = libspu.link.Desc()
    for endpoint in endpoints:
        description.add_party(endpoint.party, f"{endpoint.host}:{endpoint.port}")
    meet(endpoints, rank=task["rank"], seconds=60)
    return Link(libspu.link.create_brpc(description, task["rank"]), rank=task["rank"], world=len(endpoints))


def codes_of(task: dict[str, Any]) -> list[str]:
    """Half of each side's codes are the other's too."""
    first = task["rank"] * (task["rows"] // 2)
    return [f"91{number:016d}" for number in range(first, first + task["rows"])]


def points_of(task: dict[str, Any], rank: int | None = None) -> runtime.Integers:
    chosen = task["rank"] if rank is None else rank
    most = 900 // len(task["endpoints"])
    return np.random.default_rng(chosen).integers(0, most, task["rows"]).astype(np.int32)


def plain_bands(task: dict[str, Any]) -> runtime.Integers:
    totals = np.sum([points_of(task, rank) for rank in range(len(task["endpoints"]))], axis=0)
    return np.searchsorted(CUTS, totals, side="right").astype(np.int32)


def endpoints_of(task: dict[str, Any]) -> list[Endpoint]:
    return [Endpoint(**one) for one in task["endpoints"]]


def credentials_of(task: dict[str, Any]) -> LinkCredentials:
    certificate, key = map(Path, task["credentials"])
    return LinkCredentials(certificate_path=certificate, key_path=key)


def require(holds: bool) -> None:
    if not holds:
        raise AssertionError("a measurement whose answer is wrong is none")


KINDS: dict[str, Callable[[dict[str, Any]], Watch]] = {
    "psi-ours": psi_ours,
    "psi-raw": psi_raw,
    "grade-ours": grade_ours,
    "grade-naive": grade_naive,
    "grade-raw": grade_raw,
    "add-raw": add_raw,
}

if __name__ == "__main__":
    serve(work)
