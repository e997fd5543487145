"""What can go wrong where a node's keys change."""

from typing import Final

KEYS: Final[dict[str, tuple[str, str, str, str]]] = {
    "result-key-gone": (
        "这份结果是加密给本节点已更换并销毁的密钥的：密钥更换 %(days)s 天后销毁，其后不能再启封。",
        "如仍需要，请重新发起任务。",
        "It is sealed to a key of this node that was replaced and, %(days)s days later, destroyed: nobody opens it.",
        "Ask for the job again if it is still needed.",
    ),
    "rotation-under-way": (
        "门户尚未收到上一次更换密钥的机构名片。",
        "请待与门户的交换恢复后重试。",
        "The portal has not heard of the card of the last change of keys yet.",
        "Try again once the exchange with the portal works.",
    ),
    "rotation-restoring": (
        "本节点正在取回自己的陈述，此时不更换密钥。",
        "请待取回完成后重试。",
        "This node is getting back what it said: keys are not changed meanwhile.",
        "Try again when it is done.",
    ),
}
