"""Zone-wide rules by their honest road: drafted by the code centre's steward, signed in its node."""

from typing import Any

from apps.core.tenancy import tenant_tx
from apps.governance import services
from apps.governance.models import ZoneRules
from creditzone.kernel import documents
from creditzone.kernel.documents import Floors, Template
from creditzone.kernel.policy.constraints.action import Action, Operation
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from tests.road import Road

PURPOSES = ("credit-risk", "self-enquiry")
TEMPLATE = Template(
    id="credit-risk",
    name="仅限信贷风控模型",
    name_en="Credit-risk model only",
    about="贷前评分",
    about_en="scoring before lending",
    days=30,
    clauses=(
        Purpose(purposes=("credit-risk/pre-loan",)),
        Action(operations=(Operation(name="score"),)),
        Environment(engines=("cheetah",), attestations=("none",)),
        Output(forms=("grade", "reasons")),
        Count(total=40),
    ),
)


def floors(**changes: Any) -> Floors:
    """Floors that most policies keep to."""
    facts = {
        "minimum_group": 10,
        "max_days": 60,
        "max_uses": 100,
        "attestations": ("none",),
        "evidence": ("declared", "signed"),
        "custody_threshold": 1,
    }
    return Floors(**(facts | changes))


def drafted_rules(road: Road, *, templates: tuple[Template, ...] = (TEMPLATE,), **changes: Any) -> ZoneRules:
    """A draft that waits in the code centre's node."""
    steward = road.zone.member("centre", "steward")
    with road.zone.tx(steward):
        return services.draft_rules(
            actor=steward, purposes=PURPOSES, floors=floors(**changes), templates=templates
        )  # fmt: skip


def signed_rules(road: Road, **changes: Any) -> ZoneRules:
    """A version in force."""
    drafted = drafted_rules(road, **changes)
    road.nodes["centre"].sign_draft(documents.ZoneRules, road.person("centre", "steward"))
    with tenant_tx(None, role="exchange"):
        return ZoneRules.objects.get(pk=drafted.pk)
