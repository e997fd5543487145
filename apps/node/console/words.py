"""Words of the console for codes of the field: roles, states, kinds, stages. Sentences that are signed are not
here: the services render those from the canonical documents."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.errors import Words

ROLES: dict[str, Words] = {
    "owner": _("owner"),
    "steward": _("data steward"),
    "officer": _("officer"),
    "approver": _("approver"),
    "auditor": _("auditor"),
    "viewer": _("viewer"),
}

KINDS: dict[str, Words] = {
    "policy": _("usage policy"),
    "contract": _("data availability contract"),
    "contract-act": _("act on a contract"),
    "authorisation": _("authorisation"),
    "withdrawal": _("withdrawal of an authorisation"),
    "request": _("job request"),
    "zone-rules": _("zone-wide rules"),
    "loosening-vote": _("vote for looser rules"),
}

DRAFT_STATES: dict[str, tuple[Words, str]] = {
    "draft": (_("waits for your signature"), "warn"),
    "signed": (_("signed by you"), "good"),
    "complete": (_("signed by all"), "good"),
    "declined": (_("returned unsigned"), "bad"),
}

APPROVAL_FAULTS: dict[str, Words] = {
    "answer": _("not an approval of this policy"),
    "custody": _("others are to guard by now: approve it again"),
    "passkey": _("its passkey is revoked"),
    "roster": _("may not approve any more, or in another role"),
}

WAITS_FOR_OTHER: tuple[Words, str] = (_("signed by you, waits for the other party"), "now")

CONTRACT_STATES: dict[str, tuple[Words, str]] = {
    "proposed": (_("proposed"), ""),
    "active": (pgettext_lazy("contract", "active"), "good"),
    "suspended": (_("suspended"), "warn"),
    "terminated": (_("terminated"), "bad"),
    "expired": (_("expired"), ""),
}

CONTRACT_ACTS: dict[str, Words] = {
    "suspend": _("Suspend"),
    "resume": _("Resume"),
    "terminate": _("Terminate"),
}

CAPSULE_STATES: dict[str, tuple[Words, str]] = {
    "sealed": (_("open to orders"), "good"),
    "frozen": (_("frozen"), "warn"),
    "revoked": (pgettext_lazy("capsule", "revoked"), "bad"),
    "destroyed": (pgettext_lazy("capsule", "destroyed"), "bad"),
}

CAPSULE_ACTS: dict[str, Words] = {
    "freeze": _("Freeze"),
    "resume": _("Resume"),
    "revoke": pgettext_lazy("capsule", "Revoke"),
    "destroy": _("Destroy"),
}

DATASET_STATES: dict[str, tuple[Words, str]] = {
    "waiting": (_("waits to be checked"), ""),
    "measuring": (_("being checked"), "now"),
    "measured": (_("checked"), "good"),
    "refused": (_("not accepted"), "bad"),
}

CONFIRMED_BY: dict[str, Words] = {
    "command line": _("whoever runs this node's machine"),
    "node": _("this node"),
    "renewal": _("signed with the key before"),
}

CARD_STATES: dict[str, tuple[Words, str]] = {
    "own": (_("your own"), ""),
    "confirmed": (_("confirmed"), "good"),
    "shown": (_("waits to be confirmed"), "warn"),
    "refused": (_("refused"), "bad"),
    "replaced": (_("replaced"), ""),
}

RESULT_STATES: dict[str, tuple[Words, str]] = {
    "waiting": (_("parts still on their way"), "now"),
    "sealed": (_("sealed to you"), "sealed"),
    "ended": (_("no result"), "bad"),
    "deleted": (_("deleted as agreed"), ""),
    "opened": (_("opened"), "good"),
}

GROUNDS: dict[str, Words] = {
    "public_disclosure": _("publicly disclosed by law"),
    "firm_authorisation": _("authorised by the firm"),
    "person_consent": _("separate consent of a person"),
    "statutory_duty": _("statutory duty"),
}

COLUMN_KINDS: dict[str, Words] = {
    "code": _("code"),
    "decimal": _("decimal"),
    "integer": _("whole number"),
    "text": _("text"),
    "date": _("date"),
}

ORGANISATION_KINDS: dict[str, Words] = {
    "code_centre": _("code centre"),
    "bank": _("bank"),
    "platform": _("platform"),
    "sme": _("firm"),
    "regulator": _("supervisor"),
    "operator": _("zone operator"),
}

DISCLOSURES: dict[str, Words] = {
    "decision": _("decision"),
    "grade": _("score grade"),
    "reasons": _("reasons"),
    "score": _("score"),
    "statistic": _("statistics"),
}

HOLDER_STATES: dict[str, tuple[Words, str]] = {
    "holds-provider": (_("kept here"), "good"),
    "holds-node": (_("not asked yet"), ""),
    "holds-officer": (_("on paper"), ""),
    "holds-regulator": (_("on paper"), ""),
    "asked": (_("asked, has not answered"), "warn"),
    "released": (_("released its share"), "good"),
    "withheld": (_("withheld its share"), "bad"),
    "wrong": (_("gave a share that does not fit"), "bad"),
}

JOB_STATES: dict[str, tuple[Words, str]] = {
    "asking": (_("asks custodians for their shares"), "now"),
    "accepted": (_("accepted, waits for the start"), "now"),
    "started": (_("started"), "now"),
    "running": (_("running"), "now"),
    "finished": (_("done"), "good"),
    "failed": (_("failed"), "bad"),
    "refused": (_("refused"), "bad"),
    "stopped": (_("stopped"), "warn"),
}

JOB_STAGES: dict[str, Words] = {
    "check": _("check"),
    "open": _("open"),
    "intersect": _("private set intersection"),
    "grade": _("joint scoring"),
    "seal": _("seal"),
}

DROPPED: dict[str, Words] = {
    "natural-person": _("the code is a person's"),
    "authorisation-missing": _("no authorisation"),
    "authorisation-window": _("authorisation expired"),
    "uses-a-firm": _("left out: its uses are spent"),
}
