"""How a regulator reads the ledger: groups of acts, and what stands beside an act. The acts: `apps/ledger/words.py`."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.tenants.roles import Kind, Role
from apps.ui.pieces import Words

GROUPS: dict[str, Words] = {
    "job": _("Jobs"),
    "contract": _("Contracts"),
    "authorisation": _("Authorisations"),
    "capsule": _("Capsules"),
    "policy": _("Usage policies"),
    "dataset": _("Datasets"),
    "result": _("Results opened"),
    "grades": _("Grades taken"),
    "card": _("Cards"),
    "person": _("People"),
    "ticket": _("Hand-overs to nodes"),
    "token": _("API tokens"),
    "organisation": _("Organisations"),
    "statement": _("Rejected statements"),
    "supervision": _("Look-ups by regulators"),
}
"""What comes before the dot, in words: how the events are filtered."""

FACTS: dict[str, Words] = {
    "person": pgettext_lazy("fact", "Person"),
    "ticket": pgettext_lazy("fact", "Ticket"),
    "content": pgettext_lazy("fact", "Content"),
    "part": pgettext_lazy("fact", "Part"),
    "role": pgettext_lazy("fact", "Role"),
    "header": pgettext_lazy("fact", "Header of the capsule"),
    "version": pgettext_lazy("fact", "Version"),
    "serial": pgettext_lazy("fact", "Serial number"),
    "file": pgettext_lazy("fact", "Taken as a file"),
    "uscc": pgettext_lazy("fact", "Unified social credit code"),
    "before": pgettext_lazy("fact", "Before"),
    "from": pgettext_lazy("fact", "From"),
    "to": pgettext_lazy("fact", "To"),
    "accepted": pgettext_lazy("fact", "Rows accepted"),
    "rows": pgettext_lazy("fact", "Rows"),
    "domain": pgettext_lazy("fact", "Data domain"),
    "kind": pgettext_lazy("fact", "Kind"),
    "policy": pgettext_lazy("fact", "Usage policy"),
    "as_of": pgettext_lazy("fact", "As of"),
    "left_out": pgettext_lazy("fact", "Left out"),
    "card": pgettext_lazy("fact", "Scorecard"),
    "days": pgettext_lazy("fact", "Days"),
    "method": pgettext_lazy("fact", "Method"),
    "draft": pgettext_lazy("fact", "Draft"),
    "sender": pgettext_lazy("fact", "Sent by"),
    "step": pgettext_lazy("fact", "Step"),
    "approved_by": pgettext_lazy("fact", "Approved by"),
    "holder": pgettext_lazy("fact", "Custodian"),
    "job": pgettext_lazy("fact", "Job"),
    "jobs": pgettext_lazy("fact", "Jobs ended"),
    "derived": pgettext_lazy("fact", "Derived capsules"),
    "certificate": pgettext_lazy("fact", "Certificate"),
    "deletion": pgettext_lazy("fact", "Certificate of deletion"),
}
"""Facts of entries that no refusal has, in words."""

VALUES: dict[str, Words] = {
    **dict(Kind.choices),
    **dict(Role.choices),
    "share": _("share of the output"),
    "queued": pgettext_lazy("fact", "queued"),
    "running": pgettext_lazy("fact", "running"),
    "card": pgettext_lazy("fact", "card"),
    "dataset": pgettext_lazy("fact", "dataset measured"),
    "capsule": pgettext_lazy("fact", "capsule sealed"),
    "signature": pgettext_lazy("fact", "signature"),
    "declined": pgettext_lazy("fact", "returned unsigned"),
    "deleted": pgettext_lazy("fact", "result deleted"),
    "certified": pgettext_lazy("fact", "certificate about a capsule"),
    "capsule-act": pgettext_lazy("fact", "act on a capsule"),
    "contract-act": pgettext_lazy("fact", "act on a contract"),
    "accept": pgettext_lazy("fact", "order accepted"),
    "refuse": pgettext_lazy("fact", "order refused"),
    "busy": pgettext_lazy("fact", "no free slot"),
    "stage": pgettext_lazy("fact", "stage"),
    "failed": pgettext_lazy("fact", "attempt failed"),
    "receipt": pgettext_lazy("fact", "receipt"),
    "sealed": pgettext_lazy("fact", "sealed content"),
    "opened": pgettext_lazy("fact", "result opened"),
    "taken": pgettext_lazy("fact", "grades taken"),
    "illegal-move": pgettext_lazy("fact", "no such step from its state"),
    "superseded": pgettext_lazy("fact", "superseded"),
    "not-found": pgettext_lazy("fact", "not found"),
    "forbidden": pgettext_lazy("fact", "not permitted"),
    "invalid": pgettext_lazy("fact", "not valid"),
}
"""What stands in a fact, in words."""
