"""The ledger's acts in words. An act without words here is shown by its name."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.tenants.roles import Kind, Role
from apps.ui.pieces import Words

ACTS: dict[str, Words] = {
    "zone.founded": _("zone founded"),
    "organisation.registered": _("organisation registered"),
    "card.registered": _("card registered"),
    "person.added": _("person added"),
    "person.role-changed": _("role changed"),
    "person.closed": _("membership closed"),
    "person.reopened": _("membership reopened"),
    "person.signed-in": _("signed in"),
    "person.sign-in-failed": _("sign-in failed"),
    "ticket.issued": _("handed over to a node"),
    "token.issued": _("API token issued"),
    "token.revoked": _("API token ended"),
    "registry.load": _("register loaded"),
    "scorecard.register": _("scorecard registered"),
    "dataset.publish": _("dataset published"),
    "policy.draft": _("usage policy drafted"),
    "policy.decline": _("usage policy returned unsigned"),
    "capsule.register": _("capsule sealed and registered"),
    "capsule.list": _("capsule listed"),
    "capsule.unlist": _("capsule taken off the list"),
    "capsule.freeze": _("capsule frozen"),
    "capsule.thaw": _("capsule in use again"),
    "capsule.revoke": _("capsule revoked"),
    "contract.offer": _("contract offered"),
    "contract.sign": _("contract signed by a party"),
    "contract.activate": _("contract in force"),
    "contract.decline": _("contract returned unsigned"),
    "contract.withdraw": _("offer withdrawn"),
    "contract.draft-act": _("act on a contract drafted"),
    "contract.suspend": _("contract suspended"),
    "contract.resume": _("contract resumed"),
    "contract.terminate": _("contract terminated"),
    "contract.expire": _("contract expired"),
    "authorisation.draft": _("authorisation drafted"),
    "authorisation.sign": _("authorisation signed by the firm"),
    "authorisation.decline": _("authorisation returned unsigned"),
    "authorisation.withdraw": _("authorisation withdrawn"),
    "authorisation.expire": _("authorisation expired"),
    "job.draft": _("job request drafted"),
    "job.submit": _("job request signed and submitted"),
    "job.decline": _("job request returned unsigned"),
    "job.offer": _("orders offered to the parties"),
    "job.accept": _("order accepted by a party"),
    "job.busy": _("a party had no free slot"),
    "job.requeue": _("queued again"),
    "job.start": _("all accepted, started"),
    "job.stage": _("a stage ended at a party"),
    "job.sealed": _("something sealed passed on"),
    "job.receipt": _("receipt signed by a party"),
    "job.retry": _("second attempt"),
    "job.done": _("job done"),
    "job.disputed": _("job disputed"),
    "job.failed": _("job failed"),
    "job.refused": _("job refused"),
    "job.cancelled": _("job cancelled"),
    "job.cancel": _("job cancelled by its recipient"),
    "job.expired": _("job expired"),
    "result.open": _("result opened"),
    "grades.take": _("grades taken into a file"),
    "statement.reject": _("a node's statement rejected"),
    "supervision.events": _("regulator read the events"),
    "supervision.jobs": _("regulator read the jobs"),
    "supervision.job": _("regulator read a job's trace"),
    "supervision.evidence": _("regulator took a job's evidence"),
}

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
}
"""Facts of entries that no refusal has, in words."""

VALUES: dict[str, Words] = {
    **dict(Kind.choices),
    **dict(Role.choices),
    "share": _("share of the output"),
    "queued": pgettext_lazy("fact", "queued"),
    "running": pgettext_lazy("fact", "running"),
}
"""What stands in a fact, in words."""


def say(act: str) -> Words:
    """An act in words."""
    return ACTS.get(act, act)
