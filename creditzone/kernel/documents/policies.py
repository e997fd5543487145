"""What may be done with a capsule."""

from typing import Annotated

from msgspec import Meta

from creditzone.kernel.documents.forms import Digest, Disclosure, Document, Engine, Id, Instant, Part, Uscc


class Rule(Part, frozen=True, kw_only=True):
    """One way in which a capsule may be used; inside a rule all clauses hold. `subject` as a grantee is the firm
    itself. `minimum_group` stands in rules for statistics only."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    grantees: tuple[str, ...]
    purposes: tuple[str, ...]
    models: tuple[Digest, ...]
    engines: tuple[Engine, ...]
    disclosures: tuple[Disclosure, ...]
    minimum_group: Annotated[int, Meta(ge=1)] | None
    not_before: Instant
    not_after: Instant
    uses: Annotated[int, Meta(ge=1)]


class Policy(Document, frozen=True, kw_only=True, tag="policy"):
    """A capsule's usage policy: any one of its rules permits a use."""

    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    provider: Uscc
    dataset: Id
    rules: tuple[Rule, ...]
    drafted_at: Instant
