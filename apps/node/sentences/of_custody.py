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
    "sheet-unreadable": (
        "恢复单的 %(words)s 个词不完整或校验不符。",
        "请对照纸面逐词核对后重新输入。",
        "The sheet's %(words)s words are incomplete, or their checksum does not hold.",
        "Compare each word with the paper and enter them again.",
    ),
    "sheet-words": (
        "输入的词与恢复单不符。",
        "请对照纸面核对；如无纸面，请停用此单并另制一张。",
        "These are not the words of the sheet.",
        "Compare them with the paper; where there is none, drop this sheet and make another.",
    ),
    "sheet-holder": (
        "监管方恢复单须填写其统一社会信用代码，且每家监管机构只有一张。",
        "请核对代码；更换时先停用原单。",
        "The supervisor's sheet names its unified code, and a supervisor has one sheet.",
        "Check the code; to replace a sheet, drop the old one first.",
    ),
    "recovery-unfit": (
        "恢复资料打不开，或与本机构、申请或胶囊头不符。",
        "请核对申请指纹，由保管方重新交出。",
        "The recovery answer does not open, or does not fit this organisation, request or the capsule's header.",
        "Compare the request's fingerprint and have the custodian answer again.",
    ),
    "recovery-none": (
        "交存中没有恢复资料：封装时没有已确认的经办人恢复单。",
        "无法恢复；请从备份恢复节点。",
        "The deposit holds nothing to recover with: there was no confirmed officer's sheet when it was sealed.",
        "It cannot be recovered; put a backup of the node back.",
    ),
    "recovery-derived": (
        "派生数据集不能由分片恢复：其来源记录只在原节点。",
        "请重新运行任务，再由其结果制作。",
        "A derived dataset does not come back from shares: what it was made of stood at the lost node only.",
        "Run the job again and make the dataset of its result.",
    ),
    "recovery-known": (
        "本节点已有此胶囊的数据集。",
        "无需恢复。",
        "This node has that capsule's dataset already.",
        "Nothing is to be recovered.",
    ),
}
