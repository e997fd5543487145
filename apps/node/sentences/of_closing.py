"""What was closed or is gone for good."""

from typing import Final

CLOSING: Final[dict[str, tuple[str, str, str, str]]] = {
    "capsule-over": (
        "胶囊已吊销或销毁，不能再签署策略。",
        "请重新上传数据。",
        "The capsule is revoked or destroyed: it takes no policy any more.",
        "Upload the data anew.",
    ),
    "parent-closed": (
        "其来源胶囊已被%(organisation)s停用，不能签署。",
        "请与来源胶囊的提供方联系。",
        "A capsule that it was made of is closed by %(organisation)s; no policy is signed for it.",
        "Ask that provider first.",
    ),
    "result-deleted": (
        "结果已按提供方的策略删除。",
        "如仍需要，请重新提交任务。",
        "The result was deleted as a provider's policy demands.",
        "Where it is still needed, submit the job again.",
    ),
}
