"""Capsules: a body sealed as a stream, and a header that ties its keys to one policy (docs/capsule-format.md)."""

from creditzone.kernel.capsule.body import (
    CHUNK,
    BodySummary,
    BodyWriter,
    body_digest,
    check_body_digest,
    read_body,
    sealed_size,
    summary_of,
)
from creditzone.kernel.capsule.columns import (
    ColumnsWriter,
    Group,
    SealedGroup,
    group_file,
    group_of,
    one_column_a_group,
    read_columns,
    read_table,
)
from creditzone.kernel.capsule.damage import CapsuleDamaged
from creditzone.kernel.capsule.header import (
    column_group,
    new_content_key,
    open_header,
    rewrap,
    seal_header,
    unwrap_content_keys,
    wrap_content_keys,
)

__all__ = [
    "CHUNK",
    "BodySummary",
    "BodyWriter",
    "CapsuleDamaged",
    "ColumnsWriter",
    "Group",
    "SealedGroup",
    "body_digest",
    "check_body_digest",
    "column_group",
    "group_file",
    "group_of",
    "new_content_key",
    "one_column_a_group",
    "open_header",
    "read_body",
    "read_columns",
    "read_table",
    "rewrap",
    "seal_header",
    "sealed_size",
    "summary_of",
    "unwrap_content_keys",
    "wrap_content_keys",
]
