"""A hosted firm keeps no more in files than its host grants each firm; the host's own files are its own matter."""

from __future__ import annotations

import msgspec
import pytest

from apps.node import uploads
from apps.node.errors import NodeError
from tests.node import world
from tests.node.world import FIRM, HOST

MIB = 1 << 20


def begin(node, acting, size):
    return uploads.create(node, acting, filename="f.csv", size=size, domain="balance_sheet", title="f")


def test_what_goes_beyond_it_is_refused_and_a_cancelled_upload_gives_its_room_back(quartet):
    host = quartet.nodes[HOST]
    firm, own = world.host_firm(host), world.person(host)
    object.__setattr__(host, "config", msgspec.structs.replace(host.config, firm_quota_mib=2))
    first = begin(host, firm, MIB)
    with pytest.raises(NodeError) as refused:
        begin(host, firm, MIB + 1)
    assert (refused.value.code, refused.value.facts["limit"]) == ("quota-exceeded", "2")
    begin(host, own, 3 * MIB)
    uploads.cancel(host, firm, first.id)
    begin(host, firm, 2 * MIB)
    assert FIRM in host.organisations()
