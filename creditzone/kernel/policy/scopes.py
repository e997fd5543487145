"""Where each clause is judged, as the clauses themselves say it."""

from creditzone.kernel.policy.constraints import KINDS
from creditzone.kernel.policy.constraints.action import Action
from creditzone.kernel.policy.constraints.base import Constraint, Scope
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Window

SCOPES: dict[Scope, tuple[str, str]] = {
    Scope.CONTRACT: ("签订合约时", "When a contract is signed"),
    Scope.ADMISSION: ("任务排队前，由门户预判", "Before a job, by the portal, as a forecast"),
    Scope.OPENING: ("启封前，由本节点裁定", "Before it is opened, by your node, whose word counts"),
    Scope.RELEASE: ("共同名单已知、尚未计算时，由本节点裁定", "Once the common firms are known, by your node"),
}
CLAUSES: dict[type[Constraint], tuple[str, str]] = {
    Subject: ("使用方", "users"),
    Purpose: ("用途", "purposes"),
    Action: ("操作", "operations"),
    Code: ("评分卡与程序", "scorecards and programs"),
    Environment: ("环境", "environment"),
    Columns: ("字段", "columns"),
    Output: ("返回结果", "what comes back"),
    Window: ("有效期", "validity"),
    Count: ("次数与户数", "uses and firms"),
    Place: ("登记地", "place"),
    Consent: ("授权证据", "consent"),
    Payment: ("最低价格", "least price"),
}
AFTER: dict[type[Constraint], tuple[str, str]] = {
    Duties: ("义务", "duties"),
    Derivation: ("结果再作输入", "results as inputs"),
}
"""Clauses that stop no use: they concern what comes after it."""
AFTERWARDS = ("使用之后", "After a use")


def say_scope(scope: Scope, language: str) -> str:
    """Where and when a use is judged, for people."""
    return SCOPES[scope][language != "zh"]


def judged_where(language: str) -> list[tuple[str, list[str]]]:
    """Each place where uses are judged, with the clauses that are judged there, in the order in which they are said;
    last what concerns the time after a use."""
    at = 0 if language == "zh" else 1
    judged = [
        (words[at], [CLAUSES[kind][at] for kind in KINDS if kind in CLAUSES and scope in kind.checked_at])
        for scope, words in SCOPES.items()
    ]
    return [*judged, (AFTERWARDS[at], [words[at] for words in AFTER.values()])]
