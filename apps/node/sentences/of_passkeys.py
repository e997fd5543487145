"""What can go wrong with passkeys and approvals, in both languages; `errors` joins them to the node's other codes."""

from __future__ import annotations

from typing import Final

Words = tuple[str, str, str, str]
"""Sentence and remedy in Chinese, sentence and remedy in English."""

PASSKEYS: Final[dict[str, Words]] = {
    "enrolment-code": (
        "登记码不正确、已过期或已用过。",
        "请本单位的节点所有者重新发放。",
        "The enrolment code is not right, has expired or was used.",
        "Ask an owner of this node for a new one.",
    ),
    "passkey-missing": (
        "您在本节点还没有可用的通行密钥。",
        "请先在“通行密钥”页登记。",
        "You have no passkey at this node that can be used.",
        "Enrol one on the passkeys page first.",
    ),
    "passkey-asked": (
        "没有通行密钥应答，什么都没有做。",
        "请在浏览器中启用 JavaScript 后再试。",
        "No passkey answered: nothing was done.",
        "It needs JavaScript in your browser; then try again.",
    ),
    "passkey-pending": (
        "您的通行密钥还没有经人核对指纹。",
        "请把登记时显示的指纹当面或电话告知本单位的节点所有者，或节点管理人员；指纹已丢失的，请重新登记。",
        "Nobody has confirmed your passkey's fingerprint yet.",
        "Tell an owner of this node, or whoever runs it, the fingerprint that was shown; if lost, enrol anew.",
    ),
    "passkey-known": (
        "这个通行密钥已经登记过；一个验证器只归一个人。",
        "请换用您自己的验证器。",
        "This passkey is enrolled already; an authenticator belongs to one person.",
        "Use one of your own.",
    ),
    "passkey-unknown": (
        "这个通行密钥不是您在本节点登记的。",
        "请用您自己登记过的通行密钥。",
        "This passkey is not one that you enrolled at this node.",
        "Use one of your own.",
    ),
    "passkey-revoked": (
        "这个通行密钥已停用。",
        "请用另一个通行密钥，或重新登记。",
        "This passkey is revoked.",
        "Use another one, or enrol a new one.",
    ),
    "passkey-origin": (
        "验证器应答的网址（%(origin)s）不是本节点，可能有人在仿冒本页面。",
        "什么都没有做。请核对地址栏，并告知本单位的节点所有者。",
        "The authenticator answered for another address (%(origin)s): some page may be imitating this node's.",
        "Nothing was done. Look at the address bar and tell an owner of this node.",
    ),
    "passkey-challenge": (
        "应答不是针对此刻的提问：已用过、已超时，或对应另一份文件、另一项操作。",
        "什么都没有做。请重新载入页面后再试。",
        "The answer is not to what is asked now: used, too late, or to another document or act.",
        "Nothing was done. Load the page again and repeat.",
    ),
    "passkey-unverified": (
        "验证器没有核实持有人（指纹、面容或 PIN）。",
        "请使用能核实持有人的通行密钥。",
        "The authenticator did not verify its holder (fingerprint, face or PIN).",
        "Use a passkey that does.",
    ),
    "passkey-signature": (
        "验证器的签名无效。",
        "什么都没有做。请重试，仍不行则停用并重新登记。",
        "The authenticator's signature is not valid.",
        "Nothing was done. Try again; if it stays so, revoke the passkey and enrol a new one.",
    ),
    "passkey-counter": (
        "验证器的计数没有增加，这个通行密钥可能已被复制。",
        "什么都没有做。请停用它并重新登记。",
        "The authenticator's counter did not rise: the passkey may have been copied.",
        "Nothing was done. Revoke it and enrol a new one.",
    ),
    "passkey-answer": (
        "浏览器送来的不是可读的验证器应答。",
        "请重新载入页面后再试。",
        "What the browser sent is not an authenticator's answer.",
        "Load the page again and repeat.",
    ),
    "approval-needed": (
        "策略不能直接签署，须由本单位人员用通行密钥批准。",
        "请在签署页用通行密钥批准。",
        "A policy is not signed directly: people of the organisation approve it with passkeys.",
        "Approve it with a passkey on its page.",
    ),
    "approval-first": (
        "须先由所有者或数据管理员提出并批准，您再复核。",
        "请等待对方批准。",
        "An owner or data steward proposes and approves it first; then you check it.",
        "Wait for their approval.",
    ),
    "approval-twice": (
        "您已批准这份策略，复核须由另一位人员进行。",
        "请另一位有权限的人员复核。",
        "You have approved this policy; somebody else is to check it.",
        "Ask another person whose role allows it.",
    ),
    "approval-altered": (
        "本节点存放的这份策略已被改动，与其摘要不符。",
        "请在门户重新起草，并告知节点管理人员。",
        "This policy was altered in the node's store: it does not fit its digest.",
        "Draft it again at the portal, and tell whoever runs the node.",
    ),
    "approval-other-kind": (
        "只有使用策略才由多人批准。",
        "请在签署页签署。",
        "Only usage policies are approved.",
        "Sign this one on its page.",
    ),
}
