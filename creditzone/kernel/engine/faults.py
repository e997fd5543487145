"""Why a stage ended without a result: one short code, and a sentence in both languages that holds no value of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Reason = Literal["deadline", "stopped", "peer-lost", "crashed", "invalid-input"]


@dataclass(frozen=True)
class Fault:
    """One way to fail: the reason that machines act on, and the sentence that people read."""

    reason: Reason
    en: str
    zh: str


FAULTS: Final[dict[str, Fault]] = {
    "deadline": Fault(
        "deadline", "The stage did not finish before its deadline and was ended.", "本步骤超过时限，已被终止。"
    ),
    "stopped": Fault("stopped", "The stage was stopped on request.", "本步骤已按要求停止。"),
    "crashed": Fault("crashed", "The engine's process ended without a result.", "计算进程未给出结果即已退出。"),
    "unanswered": Fault("crashed", "The node did not answer what the stage asked.", "节点未答复本步骤的询问。"),
    "peer-lost": Fault("peer-lost", "Another party stopped answering on the link.", "链路上的另一方已无应答。"),
    "peer-refused": Fault(
        "peer-lost",
        "No link with the other parties: one is absent, or its certificate is not the one on its card.",
        "未能与其他参与方建立链路：对方未到场，或其证书与名片所载不符。",
    ),
    "port-taken": Fault(
        "crashed", "The link's own port is taken by another process.", "本方链路端口已被其他进程占用。"
    ),
    "empty-set": Fault("invalid-input", "The set of codes is empty.", "代码集合为空。"),
    "duplicate-codes": Fault("invalid-input", "The set holds a code more than once.", "代码集合含有重复代码。"),
    "malformed-code": Fault("invalid-input", "The set holds a malformed code.", "代码集合含有格式不符的代码。"),
    "unknown-protocol": Fault("invalid-input", "This protocol is not offered.", "不提供该协议。"),
    "wrong-parties": Fault(
        "invalid-input", "The number of parties does not fit the protocol.", "参与方数目与协议不符。"
    ),
    "settings-differ": Fault(
        "invalid-input",
        "The parties do not run the same thing: their settings differ.",
        "各参与方的计算设置不一致。",
    ),
    "set-damaged": Fault(
        "invalid-input", "The common set did not arrive as it was sent.", "收到的共同集合与发出的不一致。"
    ),
    "points-out-of-range": Fault(
        "invalid-input", "Points or cuts are outside the engine's integer range.", "分值或分界点超出整数范围。"
    ),
    "cuts-unordered": Fault(
        "invalid-input", "The cuts are missing, or not in strict order.", "缺少分界点，或分界点未严格排序。"
    ),
    "group-too-small": Fault(
        "invalid-input",
        "The common set is smaller than the least number of firms that a statistic may rest on.",
        "共同集合的户数少于统计类结果的最小户数。",
    ),
    "share-damaged": Fault("invalid-input", "The output shares do not belong together.", "结果分片互不匹配。"),
    "scratch-unfit": Fault(
        "invalid-input", "The scratch folder is not in memory, or too small.", "暂存目录不在内存中，或空间不足。"
    ),
}


class EngineFault(Exception):
    """Raised on the child side; `code` is a key of FAULTS, `about` one of our own words (never a value of a row)."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.about = about


class StageFailed(Exception):
    """A stage ended without a result. `reason` is for programs; `sentence` and `sentence_zh` for people."""

    def __init__(self, code: str, *, about: str = "", detail: str = "") -> None:
        self.code = code if code in FAULTS else "crashed"
        fault = FAULTS[self.code]
        self.reason: Reason = fault.reason
        self.sentence = fault.en
        self.sentence_zh = fault.zh
        self.about = about
        self.detail = detail  # an exception's class or a signal's name, for the node's own log
        super().__init__(f"{self.reason}: {self.sentence}" + (f" [{detail}]" if detail else ""))
