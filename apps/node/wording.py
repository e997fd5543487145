"""What an officer is about to sign, in words made from the canonical document itself, in Chinese and English.

Names come from confirmed cards only. The kernel says policies; what it has no words for is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apps.node import documents
from apps.node.node import Node
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    Contract,
    ContractAct,
    Document,
    JobRequest,
    LooseningVote,
    Policy,
    ZoneRules,
    read,
)
from creditzone.kernel.domain import UnknownDomain, domain
from creditzone.kernel.policy.constraints.base import Segment
from creditzone.kernel.policy.constraints.output import say_form as say_disclosure
from creditzone.kernel.policy.constraints.window import say_instant
from creditzone.kernel.policy.purposes import say_purpose
from creditzone.kernel.policy.sentence import say_policy, say_vote
from creditzone.kernel.policy.zone_words import say_zone_rules

ENGINES: Final[dict[str, tuple[str, str]]] = {
    "cheetah": ("CHEETAH（两方）", "CHEETAH (two parties)"),
    "aby3": ("ABY3（三方，不得两方合谋）", "ABY3 (three parties, no two collude)"),
}
_ACTS: Final[dict[str, tuple[str, str]]] = {
    "suspend": ("暂停", "suspends"),
    "resume": ("恢复", "resumes"),
    "terminate": ("终止", "terminates"),
}
_KINDS: Final[dict[str, tuple[str, str]]] = {
    "policy": ("使用策略", "usage policy"),
    "contract": ("数据可用性契约", "data availability contract"),
    "contract-act": ("合约变更", "change of a contract"),
    "authorisation": ("授权书", "authorisation"),
    "withdrawal": ("撤回授权", "withdrawal of an authorisation"),
    "request": ("任务申请书", "job request"),
    "zone-rules": ("全区规则", "zone-wide rules"),
    "loosening-vote": ("放宽表决书", "vote for looser rules"),
}


@dataclass(frozen=True)
class NodeNames:
    """Names for sentences as this node knows them."""

    node: Node
    language: str

    def organisation(self, uscc: str) -> str:
        """The name on the confirmed card, else the code."""
        return self.node.name_of(uscc, self.language)

    def model(self, digest: str) -> str:
        """The scorecard's name and version where this node has seen it, else the head of its digest."""
        kept = self.node.store.setting(f"model:{digest}")
        if kept is None:
            return digest[:16] + "…"
        zh, en, version = kept.split("\n")
        return f"{zh if self.language.startswith('zh') else en} v{version}"


def kind_name(kind: str, language: str) -> str:
    """What kind of document it is."""
    zh, en = _KINDS.get(kind, (kind, kind))
    return zh if language.startswith("zh") else en


def title_of(node: Node, document: Document, language: str) -> str:
    """One line for a list."""
    names = NodeNames(node, language)
    zh = language.startswith("zh")
    match document:
        case Policy():
            title = _title_of_dataset(node, document.dataset)
            return f"使用策略 v{document.version} · {title}" if zh else f"Policy v{document.version} · {title}"
        case Contract():
            pair = f"{names.organisation(document.provider)} → {names.organisation(document.consumer)}"
            return f"数据可用性契约 · {pair}" if zh else f"Contract · {pair}"
        case ContractAct():
            act = _pick(_ACTS[document.act], language)
            return f"{act}合约 {document.contract[4:12]}" if zh else f"{act} contract {document.contract[4:12]}"
        case Authorisation():
            subject = names.organisation(document.subject)
            return f"授权书 · {subject}" if zh else f"Authorisation · {subject}"
        case AuthorisationWithdrawal():
            head = document.authorisation[4:12]
            return f"撤回授权书 {head}" if zh else f"Withdraw authorisation {head}"
        case JobRequest():
            return f"任务申请书 · {document.title}" if zh else f"Job request · {document.title}"
        case ZoneRules():
            return f"全区规则 v{document.version}" if zh else f"Zone-wide rules v{document.version}"
        case LooseningVote(capsule=made):
            return f"放宽派生胶囊 {made[:8]} 的规则" if zh else f"Looser rules for the derived capsule {made[:8]}"
    return document.zone


def sentences_of(node: Node, document: Document, language: str) -> list[list[Segment]]:
    """The document in sentences of segments; the values of clauses are tokens."""
    names = NodeNames(node, language)
    short = "zh" if language.startswith("zh") else "en"
    match document:
        case Policy():
            return say_policy(document, short, names)
        case Contract():
            return [_say_contract(document, short, names)]
        case ContractAct():
            return [_say_act(document, short, names)]
        case Authorisation():
            return _say_authorisation(document, short, names)
        case AuthorisationWithdrawal():
            return _say_withdrawal(node, document, short, names)
        case JobRequest():
            return [_say_request(document, short, names), _say_consent(document, short)]
        case ZoneRules():
            return say_zone_rules(document, short, names)
        case LooseningVote():
            return say_vote(document, short, names)
    return []


def rows_of(node: Node, document: Document, language: str) -> list[tuple[str, str]]:
    """The document's facts as label and value, for the table below the sentence."""
    names = NodeNames(node, language)
    zh = language.startswith("zh")
    short = "zh" if zh else "en"
    match document:
        case Policy():
            rows = [("数据集", "Dataset", _title_of_dataset(node, document.dataset))]
            rows += [("版本", "Version", f"v{document.version}")]
            rows += [("规则", "Rules", str(len(document.rules)))]
        case Contract():
            rows = [
                ("数据提供方", "Provider", names.organisation(document.provider)),
                ("数据使用方", "User", names.organisation(document.consumer)),
                ("胶囊", "Capsule", document.capsule),
                ("策略摘要", "Policy digest", document.policy),
                ("用途", "Purpose", say_purpose(document.purpose, short)),
                ("价格", "Price", _price(document.price_fen, short)),
                ("期限", "Term", _term(document.not_before, document.not_after, short)),
            ]
        case ContractAct():
            rows = [("合约摘要", "Contract digest", document.contract), ("理由", "Reason", document.reason)]
        case Authorisation():
            rows = [
                ("授权企业", "Firm", f"{names.organisation(document.subject)} {document.subject}"),
                ("查询方", "Enquirer", names.organisation(document.enquirer)),
                ("签署人", "Signatory", document.signatory),
                ("申请编号", "Application", document.application or "—"),
                ("期限", "Term", _term(document.not_before, document.not_after, short)),
            ]
        case AuthorisationWithdrawal():
            rows = [("授权书摘要", "Authorisation digest", document.authorisation)]
        case LooseningVote():
            rows = [
                ("派生胶囊", "Derived capsule", document.capsule),
                ("持有方", "Its owner", names.organisation(document.provider)),
                *(
                    ("来源策略", "Source policy", f"{names.organisation(one.provider)} {one.policy[:20]}")
                    for one in document.ancestors
                ),
                ("截止签署", "To be used before", say_instant(document.expires_at)),
            ]
        case ZoneRules():
            rows = [
                ("治理机构", "Governor", names.organisation(document.governor)),
                ("版本", "Version", f"v{document.version}"),
                ("模板", "Templates", str(len(document.templates))),
            ]
        case JobRequest():
            rows = [
                ("使用方", "Recipient", names.organisation(document.recipient)),
                *(
                    (
                        "数据",
                        "Data",
                        f"{names.organisation(one.provider)} · {_domain(one.domain, short)} v{one.version}",
                    )
                    for one in document.inputs
                ),
                ("评分卡", "Scorecard", names.model(document.model)),
                ("密态协议", "Engine", _pick(ENGINES[document.engine], language)),
                (
                    "返回结果",
                    "Result",
                    _forms_of(document, short),
                ),
                ("签署有效至", "Valid until", say_instant(document.expires_at)),
            ]
        case _:
            rows = []
    return [(first if zh else second, value) for first, second, value in rows]


def warnings_of(node: Node, document: Document, language: str) -> list[str]:
    """What a careful officer should look at twice; it does not stop the signature."""
    zh = language.startswith("zh")
    warnings = []
    if isinstance(document, Policy):
        grantees = {grantee for rule in document.rules for grantee in rule.grantees if grantee != "subject"}
        warnings += [
            f"使用方 {grantee} 的机构名片尚未确认。" if zh else f"The card of {grantee} is not confirmed."
            for grantee in sorted(grantees)
            if node.card_of(grantee) is None
        ]
        if not document.rules:
            warnings.append("策略没有规则，默认拒绝一切使用。" if zh else "The policy has no rule and denies all use.")
    if isinstance(document, Authorisation) and is_person(document.subject):
        warnings.append("统一代码以 92 开头，属个人信息。" if zh else "A code that begins with 92 is a person's.")
    return warnings


def _say_contract(contract: Contract, language: str, names: NodeNames) -> list[Segment]:
    provider, consumer = names.organisation(contract.provider), names.organisation(contract.consumer)
    term = (say_instant(contract.not_before), say_instant(contract.not_after))
    price, purpose = _price(contract.price_fen, language), say_purpose(contract.purpose, language)
    if language == "zh":
        return [
            Segment(provider, "provider"),
            Segment(" 将胶囊 "),
            Segment(contract.capsule, "capsule"),
            Segment(" 按其策略提供 "),
            Segment(consumer, "grantee"),
            Segment(" 使用，用途限于 "),
            Segment(purpose, "purpose"),
            Segment("，价格 "),
            Segment(price, "price"),
            Segment("，自 "),
            Segment(f"{term[0]} 至 {term[1]}", "validity"),
            Segment(" 有效。"),
        ]
    return [
        Segment(provider, "provider"),
        Segment(" lets "),
        Segment(consumer, "grantee"),
        Segment(" use capsule "),
        Segment(contract.capsule, "capsule"),
        Segment(" under its policy, for "),
        Segment(purpose, "purpose"),
        Segment(" only, at "),
        Segment(price, "price"),
        Segment(", from "),
        Segment(f"{term[0]} to {term[1]}", "validity"),
        Segment("."),
    ]


def _say_act(act: ContractAct, language: str, names: NodeNames) -> list[Segment]:
    by, what = names.organisation(act.by), _pick(_ACTS[act.act], language)
    if language == "zh":
        return [
            Segment(by, "grantee"),
            Segment(f" {what}合约 "),
            Segment(act.contract, "contract"),
            Segment("。"),
        ]
    return [
        Segment(by, "grantee"),
        Segment(f" {what} contract "),
        Segment(act.contract, "contract"),
        Segment("."),
    ]


def _say_authorisation(document: Authorisation, language: str, names: NodeNames) -> list[list[Segment]]:
    subject, enquirer = names.organisation(document.subject), names.organisation(document.enquirer)
    providers = _list([names.organisation(one) for one in document.providers], language)
    domains = _list([_domain(one, language) for one in document.domains], language)
    disclosures = _list([say_disclosure(one, language) for one in document.disclosures], language)
    purpose = say_purpose(document.purpose, language)
    term = f"{say_instant(document.not_before)} 至 {say_instant(document.not_after)}"
    if language == "zh":
        return [
            [
                Segment(subject, "grantee"),
                Segment(" 授权 "),
                Segment(enquirer, "grantee"),
                Segment(" 就 "),
                Segment(purpose, "purpose"),
                Segment(" 查询本企业的 "),
                Segment(domains, "domain"),
                Segment("，仅返回 "),
                Segment(disclosures, "disclosure"),
                Segment("，"),
                Segment(term, "validity"),
                Segment(" 内有效。"),
            ],
            [
                Segment(providers, "provider"),
                Segment(" 将得知本次查询；数据以密态计算使用，其他任何一方不留存，"),
                Segment("不得", "grantee", deny=True),
                Segment(" 转授权。"),
            ],
        ]
    return [
        [
            Segment(subject, "grantee"),
            Segment(" lets "),
            Segment(enquirer, "grantee"),
            Segment(" ask for its "),
            Segment(domains, "domain"),
            Segment(", for "),
            Segment(purpose, "purpose"),
            Segment("; what comes back is only "),
            Segment(disclosures, "disclosure"),
            Segment("; valid "),
            Segment(term.replace(" 至 ", " to "), "validity"),
            Segment("."),
        ],
        [
            Segment(providers, "provider"),
            Segment(
                " will learn of the query; the data is used in encrypted computing, nobody else keeps it, and it is "
            ),
            Segment("never", "grantee", deny=True),
            Segment(" passed on."),
        ],
    ]


def _say_withdrawal(
    node: Node, document: AuthorisationWithdrawal, language: str, names: NodeNames
) -> list[list[Segment]]:
    """What is taken back, from whom, and what stays; the authorisation is the one that this node signed."""
    given = documents.find(node, document.authorisation)
    enquirer, providers = document.authorisation, "—"
    if given is not None:
        authorisation = read(given, Authorisation)
        enquirer = names.organisation(authorisation.enquirer)
        providers = _list([names.organisation(one) for one in authorisation.providers], language)
    by = Segment(names.organisation(document.by), "grantee")
    to, told = Segment(enquirer, "grantee"), Segment(providers, "provider")
    if language == "zh":
        stays = Segment("据此计算；此前已密封给使用方的结果保留。")
        return [
            [by, Segment(" 撤回给 "), to, Segment(" 的授权书。")],
            [told, Segment(" 收到后"), Segment("不再", "grantee", deny=True), stays],
        ]
    stays = Segment(" under it once told; what was sealed to its recipient before stays there.")
    return [
        [by, Segment(" takes back its authorisation for "), to, Segment(".")],
        [told, Segment(" will compute "), Segment("nothing", "grantee", deny=True), stays],
    ]


def _say_request(request: JobRequest, language: str, names: NodeNames) -> list[Segment]:
    recipient = names.organisation(request.recipient)
    others = [names.organisation(one.provider) for one in request.inputs if one.provider != request.recipient]
    parties, model = _list(others, language), names.model(request.model)
    disclosures = _forms_of(request, language)
    purpose = say_purpose(request.purpose, language)
    engine = _pick(ENGINES[request.engine], language)
    if language == "zh":
        return [
            Segment(recipient, "grantee"),
            Segment(" 申请与 "),
            Segment(parties, "provider"),
            Segment(" 以 "),
            Segment(engine, "engine"),
            Segment(" 密态计算 "),
            Segment(model, "model"),
            Segment("，用途 "),
            Segment(purpose, "purpose"),
            Segment("，仅返回 "),
            Segment(disclosures, "disclosure"),
            Segment("，结果只密封给 "),
            Segment(recipient, "grantee"),
            Segment("。"),
        ]
    return [
        Segment(recipient, "grantee"),
        Segment(" asks to compute "),
        Segment(model, "model"),
        Segment(" with "),
        Segment(parties, "provider"),
        Segment(" by "),
        Segment(engine, "engine"),
        Segment(", for "),
        Segment(purpose, "purpose"),
        Segment("; what comes out is only "),
        Segment(disclosures, "disclosure"),
        Segment(", sealed to "),
        Segment(recipient, "grantee"),
        Segment(" alone."),
    ]


def _forms_of(request: JobRequest, language: str) -> str:
    """What comes out; of a statistic also on how many firms each figure rests, and by which groups."""
    forms = _list([say_disclosure(one, language) for one in request.disclosures], language)
    if request.minimum_group is None:
        return forms
    zh = f"（每个数不少于 {request.minimum_group} 户" + ("，按省级地区分组）" if request.grouping else "）")
    en = f" (each figure on at least {request.minimum_group} firms{', by province' if request.grouping else ''})"
    return forms + (zh if language == "zh" else en)


def _say_consent(request: JobRequest, language: str) -> list[Segment]:
    if request.consent == "signed" and request.subject is None:
        zh = "仅限本人已向接收方签署有效授权书的企业；其余行由提供方节点剔除并计数。"
        en = (
            "Only firms that themselves signed a live authorisation; the providers' nodes leave out and count the rest."
        )
    elif request.consent == "signed":
        zh, en = "依据企业本人签署的授权书。", "Under the firm's own signed authorisation."
    else:
        zh = "使用方声明：名单中的企业均有有效授权；没有有效授权的行由本节点剔除并计数。"
        en = "The recipient declares live authorisations for all firms; its node drops and counts rows without one."
    return [Segment(zh if language == "zh" else en, "consent")]


def _title_of_dataset(node: Node, dataset: str) -> str:
    row = node.store.one("SELECT title FROM dataset WHERE id = ?", dataset)
    return dataset if row is None else str(row["title"])


def _domain(identity: str, language: str) -> str:
    try:
        return domain(identity).label(language)
    except UnknownDomain:
        return identity


def _price(fen: int, language: str) -> str:
    amount = f"{fen // 100}.{fen % 100:02d}"
    return f"{amount} 元/匹配户" if language == "zh" else f"{amount} yuan a matched firm"


def _term(since: int, until: int, language: str) -> str:
    return f"{say_instant(since)} {'至' if language == 'zh' else 'to'} {say_instant(until)}"


def _list(values: list[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(values) or "—"


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language.startswith("zh") else pair[1]
