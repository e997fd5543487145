"""What can go wrong at a node, as data: a code, an HTTP status and facts; the words stand here in both languages.

No Django: the runner and the command line raise these too. The console turns them into pages, the API into problem
documents. A refusal of the kernel (`refusals`) keeps its own clause and words.
"""

from __future__ import annotations

from typing import Any, Final

from apps.node.sentences.of_closing import CLOSING
from apps.node.sentences.of_custody import CUSTODY
from apps.node.sentences.of_keys import KEYS
from apps.node.sentences.of_lineage import LINEAGE
from apps.node.sentences.of_packages import PACKAGES
from apps.node.sentences.of_passkeys import PASSKEYS, Words
from creditzone.kernel.refusals import Refusal

CODES: Final[dict[str, Words]] = {
    **CLOSING,
    **CUSTODY,
    **KEYS,
    **LINEAGE,
    **PASSKEYS,
    "not-found": (
        "这里没有这项内容。",
        "请返回列表。",
        "There is no such thing here.",
        "Go back to the list.",
    ),
    "forbidden": (
        "您在本节点的角色（%(role)s）不能执行此操作。",
        "请联系本单位的节点所有者。",
        "Your role at this node (%(role)s) may not do this.",
        "Ask an owner of this node.",
    ),
    "not-on-roster": (
        "您不在本节点的人员名册中。",
        "请本单位的节点所有者把您加入名册。",
        "You are not on this node's roster.",
        "Ask an owner of this node to add you.",
    ),
    "factor-missing": (
        "您在本节点还没有登记动态口令。",
        "请节点所有者为您登记。",
        "You have no second factor at this node yet.",
        "Ask an owner of this node to enrol it.",
    ),
    "factor-stale": (
        "签署前需重新输入本节点的动态口令（10 分钟内有效）。",
        "请输入动态口令后重试。",
        "What binds needs a code not older than 10 minutes.",
        "Enter a code and try again.",
    ),
    "factor-wrong": (
        "动态口令不正确，还可尝试 %(left)s 次。",
        "请等待下一个口令后再试。",
        "The code is not right; %(left)s tries are left.",
        "Wait for the next code and try again.",
    ),
    "factor-locked": (
        "连续输错 5 次，已锁定 15 分钟。",
        "请稍后再试。",
        "Five wrong codes: locked for 15 minutes.",
        "Try again later.",
    ),
    "ticket-invalid": (
        "来访票据无效或被改动。",
        "请从门户重新进入。",
        "The ticket is not valid, or was altered.",
        "Come again from the portal.",
    ),
    "ticket-expired": (
        "来访票据已过期。",
        "请从门户重新进入。",
        "The ticket has expired.",
        "Come again from the portal.",
    ),
    "ticket-used": (
        "来访票据已经用过。",
        "请从门户重新进入。",
        "The ticket was used before.",
        "Come again from the portal.",
    ),
    "ticket-elsewhere": (
        "来访票据不是给本节点或本单位的。",
        "请从门户重新进入。",
        "The ticket is for another node or organisation.",
        "Come again from the portal.",
    ),
    "ticket-not-yours": (
        "来访票据不是由本浏览器发起的。",
        "请在同一浏览器中重新进入。",
        "The ticket was not asked for by this browser.",
        "Start again in this browser.",
    ),
    "wrong-passphrase": (
        "企业口令不正确。",
        "请重新输入。",
        "The firm's passphrase is not right.",
        "Enter it again.",
    ),
    "passphrase-locked": (
        "企业口令连续输错 5 次，企业密钥已锁定 15 分钟。",
        "请稍后再试。",
        "Five wrong passphrases: the firm's keys are locked for 15 minutes.",
        "Try again later.",
    ),
    "passphrase-missing": (
        "需要企业口令才能使用企业的密钥。",
        "请输入企业口令。",
        "The firm's key opens only with its passphrase.",
        "Enter the passphrase.",
    ),
    "passphrase-short": (
        "企业口令至少 %(least)s 个字符。",
        "请换一个更长的口令。",
        "A firm's passphrase has at least %(least)s characters.",
        "Choose a longer one.",
    ),
    "illegal-move": (
        "当前状态为“%(state)s”，不能执行此操作。",
        "请刷新页面。",
        "This is %(state)s now and cannot be done.",
        "Reload the page.",
    ),
    "invalid": ("填写的内容有误。", "请更正后重试。", "What was entered cannot be right.", "Correct it."),
    "offset-wrong": (
        "上传位置不符，应为 %(offset)s。",
        "请从该位置继续。",
        "The upload goes on at %(offset)s.",
        "Go on from there.",
    ),
    "upload-too-large": (
        "文件过大：上限 %(limit)s MB。",
        "请拆分文件。",
        "The file is too large: %(limit)s MB at most.",
        "Split the file.",
    ),
    "disk-full": (
        "节点磁盘空间不足。",
        "请联系节点管理员清理磁盘。",
        "The node's disk has no room for this file.",
        "Ask the node's administrator to make room.",
    ),
    "upload-incomplete": (
        "文件尚未传完，已收到 %(offset)s 字节。",
        "请继续上传。",
        "The upload is not complete: %(offset)s bytes are here.",
        "Go on with the upload.",
    ),
    "unknown-domain": ("没有这个数据域。", "请另选。", "There is no such domain.", "Choose another."),
    "unknown-format": (
        "只接受 CSV、XLSX、Parquet 文件和密封包。",
        "请另存为其中一种格式。",
        "Only CSV, XLSX, Parquet and sealed packages are taken.",
        "Save it as one of these.",
    ),
    **PACKAGES,
    "walk-in-faults": (
        "这一行没有通过检查：%(faults)s。",
        "请更正后重试。",
        "This row fails the checks: %(faults)s.",
        "Correct it and try again.",
    ),
    "dataset-in-use": (
        "该数据集已封装为胶囊，不能删除。",
        "请在“胶囊”页吊销并销毁胶囊。",
        "A capsule stands on this dataset.",
        "Revoke and destroy the capsule, on the capsules page.",
    ),
    "dataset-in-job": (
        "仍有任务使用该胶囊，暂不能删除。",
        "请等任务结束后重试。",
        "A job still rests on this capsule.",
        "Try again when it has ended.",
    ),
    "clock-back": (
        "本节点时钟被拨回，停止签署和启封。",
        "请校准时钟。",
        "This node's clock went back: it signs and opens nothing.",
        "Set the clock right.",
    ),
    "not-ours": (
        "文件不是给本单位签署的。",
        "无需处理。",
        "The document does not name this organisation.",
        "Nothing to do.",
    ),
    "other-zone": (
        "文件属于另一个专区。",
        "无需处理。",
        "The document belongs to another zone.",
        "Nothing to do.",
    ),
    "person-code": (
        "统一代码以 92 开头，属个人信息，须有单独同意，本专区暂不评分。",
        "请剔除后重试。",
        "A code that begins with 92 is a person's; scoring it is not offered yet.",
        "Leave it out.",
    ),
    "dataset-unmeasured": (
        "策略所指的数据集不在本节点，或尚未通过检查。",
        "请先上传并检查数据。",
        "The dataset of this policy is not at this node, or not checked yet.",
        "Upload and check it first.",
    ),
    "capsule-id": (
        "策略的胶囊编号与数据集不一致。",
        "请在门户重新起草。",
        "The policy names another capsule than its dataset's.",
        "Draft it again at the portal.",
    ),
    "policy-version": (
        "策略版本应为 v%(expected)s。",
        "请在门户重新起草。",
        "The policy must have version %(expected)s.",
        "Draft it again at the portal.",
    ),
    "policy-not-head": (
        "合约所列策略不是胶囊的现行策略。",
        "请按现行策略重新起草合约。",
        "The contract names a policy that is not the capsule's head.",
        "Draft the contract again for the head.",
    ),
    "card-unconfirmed": (
        "%(organisation)s 的机构名片尚未在本节点确认。",
        "请先在“机构名片”页核对指纹并确认。",
        "The card of %(organisation)s is not confirmed at this node.",
        "Confirm its fingerprint on the cards page first.",
    ),
    "document-expired": (
        "文件已过有效期。",
        "请重新起草。",
        "The document is past its term.",
        "Draft it again.",
    ),
    "contract-not-active": (
        "任务所列合约在本节点不是生效状态。",
        "请先订立合约。",
        "A contract of this request is not active at this node.",
        "Agree the contract first.",
    ),
    "own-capsule-stale": (
        "任务所列的本方胶囊不是现行版本。",
        "请按现行版本重新起草。",
        "The request names a version of our capsule that is not the head.",
        "Draft it again for the head version.",
    ),
    "fingerprint-wrong": (
        "指纹不一致，未确认。",
        "请通过其他渠道向对方核对指纹。",
        "The fingerprint differs; nothing was confirmed.",
        "Compare it with the organisation by another way.",
    ),
    "card-damaged": (
        "机构名片的签名无效。",
        "请联系对方。",
        "The card's signature is not valid.",
        "Ask the organisation.",
    ),
    "last-owner": (
        "名册中至少保留一名所有者。",
        "请先增加另一名所有者。",
        "The roster keeps at least one owner.",
        "Add another owner first.",
    ),
    "result-waiting": (
        "结果尚未收齐。",
        "请稍候。",
        "The result is not complete yet.",
        "Wait a moment.",
    ),
    "quota-exceeded": (
        "本企业在托管节点的文件合计不得超过 %(limit)s MiB（现有 %(held)s MiB）。",
        "请删除不再需要的数据集，或请托管方提高限额。",
        "A firm's files at this hosted node may not exceed %(limit)s MiB (it keeps %(held)s MiB).",
        "Delete datasets that are no longer needed, or ask the host for more room.",
    ),
    "another-person": (
        "这份申请书写明由另一位人员提出。",
        "请由起草人本人签署，或重新起草。",
        "This request names another person as the one who asks.",
        "Let that person sign it, or draft a new one.",
    ),
    "another-role": (
        "申请书写明的角色是“%(role)s”，与您在本节点的角色不同。",
        "请由负责人核对节点名册与门户中的角色。",
        "The request names the role %(role)s; yours at this node is another.",
        "Let the owner compare the roles in the node's roster and at the portal.",
    ),
    "result-ended": (
        "任务未完成即告结束或有争议，结果不作数。",
        "请查看任务的结束原因，必要时重新提交。",
        "The job ended without a result that counts.",
        "See at the portal why it ended; submit it again where that is wanted.",
    ),
    "result-damaged": (
        "密封结果损坏或不是发给本单位的。",
        "请重新提交任务。",
        "The sealed result is damaged or not for this organisation.",
        "Submit the job again.",
    ),
    "body-damaged": (
        "密封文件损坏或被改动。",
        "请用备份恢复。",
        "The sealed file is damaged or was altered.",
        "Restore it from the backup.",
    ),
}
_UNKNOWN: Final[Words] = ("无法完成。", "", "This cannot be done.", "")


class NodeError(Exception):
    """Something a person at this node has to know; nothing was done."""

    status = 422

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """What was wrong, for a reader of "zh-hans" or "en"."""
        words = CODES.get(self.code, _UNKNOWN)
        return (words[0] if language.startswith("zh") else words[2]) % _Facts(self.facts)

    def remedy(self, language: str) -> str:
        """What the reader may do next."""
        words = CODES.get(self.code, _UNKNOWN)
        return (words[1] if language.startswith("zh") else words[3]) % _Facts(self.facts)


class NotFound(NodeError):
    """There is no such thing here, or not for this reader."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not-found")


class Forbidden(NodeError):
    """The person's role does not allow it."""

    status = 403


class FactorStale(NodeError):
    """Ask for a code, then repeat the act."""

    status = 403

    def __init__(self) -> None:
        super().__init__("factor-stale")


class PasskeyAsked(NodeError):
    """The act waits for the person's passkey; `question` is what its authenticator is asked."""

    status = 403

    def __init__(self, question: dict[str, Any]) -> None:
        self.question = question
        super().__init__("passkey-asked")


class FactorWrong(NodeError):
    """The code is not right; `facts["left"]` tries are left."""

    status = 403


class FactorLocked(NodeError):
    """Locked until `facts["until"]` (ms UTC)."""

    status = 429


class TicketRefused(NodeError):
    """The portal's ticket lets nobody in."""

    status = 403


class WrongPassphrase(NodeError):
    """The firm's key does not open."""

    status = 403

    def __init__(self) -> None:
        super().__init__("wrong-passphrase")


class PassphraseLocked(NodeError):
    """The firm's keys are locked until `facts["until"]` (ms UTC)."""

    status = 429

    def __init__(self, until: int) -> None:
        super().__init__("passphrase-locked", until=until)


class IllegalMove(NodeError):
    """Its state does not allow this, or someone was first."""

    status = 409

    def __init__(self, state: str) -> None:
        super().__init__("illegal-move", state=state)


class OffsetWrong(NodeError):
    """A piece for another place; `facts["offset"]` says where to go on."""

    status = 409

    def __init__(self, offset: int) -> None:
        super().__init__("offset-wrong", offset=offset)


class Invalid(NodeError):
    """What was entered cannot be right; facts name the fields."""


class Refused(NodeError):
    """A rule of the kernel refused; code and words are the refusal's."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.clause, **refusal.facts)

    def sentence(self, language: str) -> str:
        """The refusal's sentence."""
        return self.refusal.sentence("zh" if language.startswith("zh") else "en")

    def remedy(self, language: str) -> str:
        """The refusal's remedy."""
        return self.refusal.remedy("zh" if language.startswith("zh") else "en")


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "—"
