"""The tree of purposes: a parent permits its children."""

PURPOSES: dict[str, tuple[str, str]] = {
    "credit-risk": ("信贷风控", "credit risk"),
    "credit-risk/pre-loan": ("信贷风控 › 贷前", "credit risk › before lending"),
    "credit-risk/in-loan": ("信贷风控 › 贷中", "credit risk › while lending"),
    "credit-risk/post-loan": ("信贷风控 › 贷后", "credit risk › after lending"),
    "supervision": ("监管", "supervision"),
    "supervision/spot-check": ("监管 › 抽检", "supervision › spot check"),
    "research": ("研发", "research and development"),
    "self-enquiry": ("本人查询", "enquiry about oneself"),
    "public-governance": ("公共治理", "public governance"),
}


def permits(allowed: str, asked: str) -> bool:
    """Whether the purpose `allowed` covers the purpose `asked`: itself or one of its descendants in the tree."""
    return asked in PURPOSES and (asked == allowed or asked.startswith(f"{allowed}/"))


def say_purpose(code: str, language: str) -> str:
    """The purpose's name for people; an unknown code is shown as it stands."""
    zh, en = PURPOSES.get(code, (code, code))
    return zh if language == "zh" else en
