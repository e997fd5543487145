"""What the sealer says, in Chinese and in English."""

from __future__ import annotations

from typing import Final

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "about": (
        "在本单位自己的机器上检查并密封一个数据文件。产出的密封包只含密文，只有名片所示的节点能够打开；"
        "不连接网络，也不需要门户或数据库。",
        "Check and seal a file on your own premises. The package holds ciphertext alone, which only the node of the "
        "card can open. No network, no portal and no database is used.",
    ),
    "usage": ("用法：", "Usage: "),
    "misused": ("用法有误：%(what)s", "Not understood: %(what)s"),
    "what": ("密封什么", "What is sealed"),
    "whom": ("密封给谁", "For whom"),
    "how": ("其他", "How"),
    "file": (
        "数据文件：CSV（UTF-8 或 GB18030）、XLSX 或 Parquet。",
        "The file: CSV (UTF-8 or GB18030), XLSX or Parquet.",
    ),
    "domain": ("数据域：%(domains)s。", "The data domain: %(domains)s."),
    "card": (
        "本单位节点（或托管节点）的机构名片文件，从节点的“名片”页下载。",
        "The card of your own node (or of your host's node), as its page of cards gives it.",
    ),
    "fingerprint": (
        "名片指纹，请通过电话或纸面向节点管理员核对；不给出时在终端询问。",
        "The card's fingerprint, compared with the node's keeper by telephone or on paper; asked for where not given.",
    ),
    "organisation": (
        "数据所属单位的统一社会信用代码；默认是名片上的单位，托管企业填本企业代码。",
        "The code of the organisation whose data it is; a hosted firm gives its own. Default: the card's.",
    ),
    "output": (
        "密封包文件名，默认在数据文件旁，扩展名 .czpack。",
        "The package; default: beside the file, with the ending .czpack.",
    ),
    "language": ("提示所用语言：zh 或 en。", "The language of what is said: zh or en."),
    "quiet": ("不显示进度。", "Show no progress."),
    "help": ("显示本说明。", "Show this help."),
    "ends": (
        "退出码：0 已密封；2 用法有误；3 名片或指纹不符；4 文件整体被拒；5 磁盘或文件错误；130 中断。",
        "Exit codes: 0 sealed; 2 usage; 3 card or fingerprint; 4 the file as a whole is refused; 5 disk or file; "
        "130 interrupted.",
    ),
    "progress": (
        "已处理 %(percent)s%%（%(done)s/%(size)s MB），约剩 %(left)s 秒",
        "%(percent)s %% done (%(done)s of %(size)s MB), about %(left)s s left",
    ),
    "compare": (
        "名片：%(name)s（%(organisation)s）。请向节点管理员核对指纹后输入：",
        "Card of %(name)s (%(organisation)s). Compare its fingerprint with the node's keeper, then type it: ",
    ),
    "no-terminal": (
        "未给出 --fingerprint，且无法在终端询问。",
        "--fingerprint is not given, and there is no terminal to ask at.",
    ),
    "fingerprint-wrong": (
        "指纹与名片不符，未密封任何内容。请勿使用这份名片。",
        "The fingerprint is not this card's: nothing was sealed. Do not use this card.",
    ),
    "card-unreadable": (
        "名片文件无法读取，或签名无效：%(path)s。",
        "The card cannot be read, or its signature is not valid: %(path)s.",
    ),
    "card-hosted": (
        "这是托管企业的名片。请改用托管节点 %(host)s 的名片，并以 --organisation 给出本企业代码。",
        "This is a hosted firm's card. Take that of the host %(host)s, and give the firm's code by --organisation.",
    ),
    "organisation-wrong": (
        "不是有效的统一社会信用代码：%(code)s。",
        "This is no unified social credit code: %(code)s.",
    ),
    "unknown-domain": (
        "没有数据域 %(domain)s。可用：%(domains)s。",
        "There is no domain %(domain)s. There are: %(domains)s.",
    ),
    "output-exists": ("%(path)s 已存在，不会覆盖。", "%(path)s is there already and is not overwritten."),
    "no-room": ("磁盘空间不足：约需 %(need)s MB。", "The disk has no room: about %(need)s MB are needed."),
    "disk": ("文件或磁盘错误，%(path)s：%(what)s。", "File or disk, %(path)s: %(what)s."),
    "unknown-format": ("只接受 CSV、XLSX 和 Parquet 文件。", "Only CSV, XLSX and Parquet are taken."),
    "file-too-large": (
        "文件过大：上限 %(limit)s MB，请拆分。",
        "The file is too large: %(limit)s MB at most. Split it.",
    ),
    "refused": ("文件未被接受：%(why)s", "The file is not taken: %(why)s"),
    "sealed": (
        "共 %(rows)s 行：合格 %(accepted)s，隔离 %(quarantined)s。密封包 %(output)s 可在节点“上传数据集”页上传。",
        "%(rows)s rows: %(accepted)s sound, %(quarantined)s in quarantine. Upload %(output)s at the node.",
    ),
    "print": (
        "密封包指纹（上传后在数据集页核对）：%(print)s",
        "The package's fingerprint (compare it on the dataset's page): %(print)s",
    ),
    "interrupted": ("已中断，未留下任何文件。", "Interrupted; no file is left."),
}


def say(word: str, language: str, **facts: object) -> str:
    """One of the sealer's sentences."""
    return _WORDS[word][0 if language == "zh" else 1] % facts


def knows(word: str) -> bool:
    """Whether the sealer itself has this sentence."""
    return word in _WORDS
