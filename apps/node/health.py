"""How this node is: what its health page shows and what its heartbeat tells."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from apps.node import attempts, firmuses, restoring
from apps.node.node import Node
from apps.node.program import code_digest
from creditzone.kernel.documents import Heartbeat, now_ms
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.scratch import plain_swaps, require_memory_backed
from creditzone.kernel.orders import SKEW_MS
from creditzone.kernel.sm import sm2, sm4

_REDS: Final[dict[str, tuple[str, str]]] = {
    "runner-silent": ("执行进程没有心跳。", "The runner is silent."),
    "exchange-failing": ("与门户的交换失败。", "The exchange with the portal fails."),
    "scratch-not-memory": ("暂存目录不在内存中，不执行任务。", "Scratch is not memory-backed: no job runs."),
    "swap-plain": (
        "交换分区已开启且未加密：暂存内容可能写入磁盘。",
        "Swap is on and not encrypted: scratch could reach a disk.",
    ),
    "clock-back": ("时钟被拨回，停止签署和启封。", "The clock went back: nothing is signed or opened."),
    "restored": (
        "存储是一份旧备份：正在取回本节点自己签署的陈述，期间不接受任务。",
        "The store is an older backup: this node is getting back what it signed itself, and takes no orders meanwhile.",
    ),
    "recall-damaged": (
        "取回的陈述不是本节点签署的，或顺序不符：请空间运营方核查门户。在此之前不接受任务。",
        "What came back is not what this node signed, or not in order: ask the zone operator. No orders until then.",
    ),
    "message-gap": ("门户下发的消息编号有缺口。", "Messages from the portal have a gap."),
    "message-broken": ("有一条门户消息无法处理。", "A message from the portal could not be taken in."),
    "disk-low": ("磁盘空间不足 1 GB。", "Less than 1 GB of disk is free."),
}
_SILENT_MS: Final = 15_000


@dataclass(frozen=True, kw_only=True)
class JobLine:
    """An attempt for the health page."""

    job: str
    attempt: int
    fence: int
    state: str
    stage: str
    reason: str | None
    at: int


@dataclass(frozen=True, kw_only=True)
class Health:
    """The node's state at one instant; `reds` are codes of what needs a person."""

    heartbeat: Heartbeat | None
    runner_seen_at: int
    exchange_at: int
    exchange_error: str | None
    outbox_waiting: int
    messages_received: int
    clock_ok: bool
    is_restoring: bool
    restored: restoring.Report | None
    firms_lost: int
    jobs: tuple[JobLine, ...]
    disk_free: int
    reds: tuple[str, ...]


def report(node: Node) -> Health:
    """The node's health from its store and machine."""
    store = node.store
    now = now_ms()
    beat = store.setting("heartbeat")
    heartbeat = None if beat is None else msgspec.json.decode(beat, type=Heartbeat)
    waiting = store.one("SELECT count(*) AS number FROM outbox WHERE acknowledged = 0")
    health = Health(
        heartbeat=heartbeat,
        runner_seen_at=store.number("runner-seen"),
        exchange_at=store.number("exchange-at"),
        exchange_error=store.setting("exchange-error") or None,
        outbox_waiting=int(waiting["number"]) if waiting is not None else 0,
        messages_received=store.number("received"),
        clock_ok=store.number("kept-time") - now <= SKEW_MS,
        is_restoring=node.is_restoring,
        restored=restoring.report(node),
        firms_lost=firmuses.lost(node),
        jobs=_jobs(node),
        disk_free=shutil.disk_usage(node.home).free,
        reds=(),
    )
    return replace(health, reds=_reds(node, health, now=now))


def red_sentence(code: str, language: str) -> str:
    """A red line in words."""
    zh, en = _REDS[code]
    return zh if language.startswith("zh") else en


def heartbeat(node: Node, *, running: tuple[str, ...]) -> Heartbeat:
    """What goes up with each exchange."""
    return Heartbeat(
        clock=now_ms(),
        code=code_digest(),
        slots_free=attempts.slots_free(node),
        scratch=_scratch(node),
        swap="on" if plain_swaps() else "off",
        sm4=sm4.backend(),
        sm2=sm2.backend(),
        running=running,
    )


def _scratch(node: Node) -> Literal["memory", "disk", "missing"]:
    root = Path(node.config.scratch_root)
    if not root.is_dir():
        return "missing"
    try:
        require_memory_backed(root)
    except EngineFault:
        return "disk"
    return "memory"


def _jobs(node: Node) -> tuple[JobLine, ...]:
    rows = node.store.all("SELECT * FROM attempt ORDER BY changed_at DESC LIMIT 20")
    return tuple(
        JobLine(
            job=row["job"],
            attempt=row["attempt"],
            fence=row["fence"],
            state=row["state"],
            stage=row["stage"],
            reason=row["reason"],
            at=row["changed_at"],
        )
        for row in rows
    )


def _reds(node: Node, health: Health, *, now: int) -> tuple[str, ...]:
    beat = health.heartbeat
    found = {
        "runner-silent": now - health.runner_seen_at > _SILENT_MS,
        "exchange-failing": health.exchange_error is not None,
        "scratch-not-memory": node.config.slots > 0 and _scratch(node) != "memory",
        "swap-plain": beat is not None and beat.swap == "on",
        "clock-back": not health.clock_ok,
        "restored": health.is_restoring,
        "recall-damaged": health.exchange_error == "recall-damaged",
        "message-gap": node.store.setting("gap") is not None,
        "message-broken": node.store.setting("broken-message") is not None,
        "disk-low": health.disk_free < 1 << 30,
    }
    return tuple(code for code, holds in found.items() if holds)
