"""Why a file, or a row of it, was not taken, in both languages: for the node's pages and for the sealer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from creditzone.kernel.credit.uscc import Notice
from creditzone.kernel.domain import REASONS, sentence_of

REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "encoding": (
        "第 %(at)s 字节起既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8。",
        "From byte %(at)s on this is neither UTF-8 nor GB18030: save it as UTF-8.",
    ),
    "utf-16": ("文件是 UTF-16 编码，请另存为 UTF-8。", "The file is UTF-16: save it as UTF-8."),
    "nul": (
        "第 %(at)s 字节是 NUL，不是文本文件，请从源系统重新导出 CSV。",
        "Byte %(at)s is NUL, so this is no text file: export it as CSV again.",
    ),
    "csv-malformed": (
        "第 %(row)s 行的引号或单元格不合 CSV 规范，请修正该行（单元格内的引号写两遍）。",
        "Quotes or cells of row %(row)s are not CSV: mend that row (a quote within a cell is written twice).",
    ),
    "line-too-long": (
        "第 %(row)s 行超过 1 MB，请检查该行的换行和引号。",
        "Line %(row)s is longer than 1 MB: look at its line breaks and quotes.",
    ),
    "too-many-columns": (
        "共有 %(columns)s 列，上限 %(limit)s 列，请只保留数据域的列。",
        "There are %(columns)s columns and %(limit)s at most: keep the domain's only.",
    ),
    "too-many-rows": (
        "共有 %(rows)s 行，上限 %(limit)s 行，请拆分文件。",
        "There are %(rows)s rows and %(limit)s at most: split the file.",
    ),
    "empty-file": (
        "文件没有表头，请在第一行写数据域的列名。",
        "The file has no header: write the domain's column names into its first line.",
    ),
    "header-duplicate": (
        "表头有重复的列：%(columns)s，请各保留一列。",
        "Columns stand twice in the header, keep one of each: %(columns)s.",
    ),
    "header-unknown": (
        "表头有本数据域没有的列，请删除或改名：%(columns)s。",
        "The domain does not know these columns, remove or rename them: %(columns)s.",
    ),
    "header-missing": (
        "表头缺少列，请补上（可留空值）：%(columns)s。",
        "The header lacks these columns, add them (cells may be empty): %(columns)s.",
    ),
    "zip-bomb": (
        "XLSX 解压后过大（%(unpacked)s MB，压缩比 %(ratio)s），请拆分或另存为 CSV。",
        "The XLSX would unpack to too much (%(unpacked)s MB, ratio %(ratio)s): split it, or save it as CSV.",
    ),
    "xlsx-encrypted": ("XLSX 已加密，请取消密码后上传。", "The XLSX is encrypted: remove its password."),
    "xlsx-formulas": (
        "XLSX 有 %(cells)s 个公式单元格，请粘贴为值后上传。",
        "The XLSX has %(cells)s formula cells: paste them as values.",
    ),
    "xlsx-unreadable": (
        "不是可读取的 XLSX 文件，请用表格软件重新另存。",
        "This is not an XLSX that can be read: save it again with a spreadsheet program.",
    ),
    "parquet-unreadable": (
        "不是可读取的 Parquet 文件，请重新导出。",
        "This is not a Parquet file that can be read: export it again.",
    ),
    "upload-damaged": ("上传的密封分片损坏，请重新上传。", "A sealed piece is damaged: upload again."),
    "package-damaged": (
        "密封包损坏或被改动，无法启封。",
        "The sealed package is damaged or was altered, and does not open.",
    ),
    "package-domain": (
        "密封包的列与本节点的数据域 %(domain)s（第 %(version)s 版）不一致，请用同版本的封装工具重新封装。",
        "The package's columns are not those of this node's domain %(domain)s (version %(version)s): "
        "seal again with a sealer of the same version.",
    ),
    "package-rows": (
        "密封包自第 %(row)s 行起有不合格的行，请用同版本的封装工具重新封装。",
        "From row %(row)s on the package holds a row that is not sound: seal again with a sealer of the same version.",
    ),
    "package-counts": (
        "密封包所报的数目与其内容不符（%(what)s），请重新封装。",
        "What the package says of its rows is not what it holds (%(what)s): seal again.",
    ),
    "memory": (
        "文件展开后超出检查可用的内存，请拆分，或改用 CSV。",
        "Unpacked, the file needs more memory than a check may take: split it, or upload CSV.",
    ),
    "deadline": ("检查超过时限，请拆分文件。", "Checking took too long: split the file."),
    "scratch-unfit": ("节点没有可用的内存盘空间。", "The node has no room on memory-backed scratch."),
    "crashed": (
        "检查进程异常结束，请重试；若反复出现请拆分文件。",
        "The check ended abnormally: try again, or split.",
    ),
}
_MORE_REASONS: Final[dict[str, tuple[str, str]]] = {
    "code-as-number": (
        "统一代码存成了数字，位数已丢失，请存为文本。",
        "The code is stored as a number and has lost digits: store it as text.",
    ),
    "natural-person": (
        "统一代码以 92 开头，属个人信息，须有单独同意，暂不评分。",
        "A code that begins with 92 is a person's; scoring it needs separate consent.",
    ),
}
NOTES: Final[dict[str, tuple[str, str]]] = {
    "gb18030-first-edition": (
        "按新版 GB 18030 转换的字符",
        "characters moved to their place in the newer GB 18030",
    ),
    "other-sheets": ("未读取的其他工作表", "other sheets that were not read"),
}


def is_fault(code: str) -> bool:
    """Whether a row can have this fault."""
    return code in REASONS or code in _MORE_REASONS


def is_note(code: str) -> bool:
    """Whether there are words for this note."""
    return code in NOTES or code in list(Notice)


def say_refusal(code: str, facts: Mapping[str, str], language: str) -> str:
    """Why the file as a whole was refused."""
    words = REFUSALS.get(code, REFUSALS["crashed"])
    return words[0 if language.startswith("zh") else 1] % facts


def say_fault(code: str, language: str) -> str:
    """A row's fault."""
    if code in _MORE_REASONS:
        return _MORE_REASONS[code][0 if language.startswith("zh") else 1]
    return sentence_of(code, language)


def say_note(code: str, language: str) -> str:
    """What was accepted, but is worth a look."""
    if code in NOTES:
        return NOTES[code][0 if language.startswith("zh") else 1]
    return say_fault(code, language)
