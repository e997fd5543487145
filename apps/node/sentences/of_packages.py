"""Why a sealed package is not taken."""

from typing import Final

PACKAGES: Final[dict[str, tuple[str, str, str, str]]] = {
    "package-malformed": (
        "这不是密封包，或其开头已损坏。",
        "请用 python -m creditzone.seal 重新封装。",
        "This is no sealed package, or its beginning is damaged.",
        "Seal the file again with python -m creditzone.seal.",
    ),
    "package-size": (
        "密封包应有 %(size)s 字节，文件被截断或附加了内容。",
        "请重新传送原文件。",
        "The package has to have %(size)s bytes: the file was cut or something was added.",
        "Send the original file again.",
    ),
    "package-elsewhere": (
        "密封包是封给 %(node)s 的另一把密钥的，本节点打不开。",
        "请从本节点下载机构名片，核对指纹后重新封装。",
        "The package is sealed to another key, of %(node)s: this node cannot open it.",
        "Take the card from this node, compare its fingerprint, and seal the file again.",
    ),
    "package-not-yours": (
        "密封包属于另一单位（%(organisation)s）。",
        "请由该单位的人员上传。",
        "The package belongs to another organisation (%(organisation)s).",
        "Let that organisation's people upload it.",
    ),
    "package-known": (
        "这个密封包已经收过。",
        "如需再次使用同一数据，请重新封装。",
        "This package came before.",
        "Seal the file again where the same rows are wanted once more.",
    ),
}
