"""What can go wrong where shares of a capsule's secret are guarded."""

from typing import Final

CUSTODY: Final[dict[str, tuple[str, str, str, str]]] = {
    "custodian-unfit": (
        "%(organisation)s 不能作为保管方：须是名片已确认、自有节点的其他机构。",
        "请先在“机构名片”页确认其名片。",
        "%(organisation)s cannot be a custodian: it takes another organisation with a confirmed card and its own node.",
        "Confirm its card first.",
    ),
    "custody-threshold": (
        "门限须在 %(least)s 至 %(most)s 之间，本节点计为其中之一；每家机构只能选一次。",
        "请更正门限。",
        "The threshold is from %(least)s to %(most)s, this node counted; each organisation is chosen once.",
        "Correct the threshold.",
    ),
}
