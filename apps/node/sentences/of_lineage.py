"""Results as inputs again."""

from typing import Final

LINEAGE: Final[dict[str, tuple[str, str, str, str]]] = {
    "lineage-wrong": (
        "策略写明的来源与本节点记录的来源不一致。",
        "请在门户重新起草。",
        "The policy names other sources than this node made the dataset of.",
        "Draft it again at the portal.",
    ),
    "lineage-waits": (
        "%(organisation)s 签署的策略尚未送达本节点。",
        "请稍后再试；若一直未到，请联系门户运营方。",
        "The policy that %(organisation)s signed has not come to this node yet.",
        "Try again in a moment; ask the portal's operator if it does not come.",
    ),
    "vote-other-source": (
        "表决书所列的本单位来源策略不是本节点签署的。",
        "请退回，并向起草方核对来源。",
        "The vote names a source policy of yours that was not signed at this node.",
        "Return it, and ask its drafter for the sources.",
    ),
    "dataset-derived": (
        "这份结果已经做成数据集。",
        "请到“数据集”页查看。",
        "A dataset was made of this result before.",
        "See the datasets page.",
    ),
    "result-unauthorised": (
        "结果中的企业没有随附授权书，不能再作输入。",
        "请用带授权书的数据重新运行任务。",
        "The firms of this result bear no authorisation, so it can be no input again.",
        "Run the job on data that bears authorisations.",
    ),
    "result-empty": (
        "结果中没有企业。",
        "没有可作输入的内容。",
        "There is no firm in this result.",
        "There is nothing to make an input of.",
    ),
}
