"""Every address of the portal, asked by everybody: who gets a page and who is sent away.

A new address is listed here, or this file turns red. Addresses that name one object are asked for one that does not
exist (or is a stranger's: the same words): nobody may get a page; what owners may do is tested beside their app.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.zone import code

PEOPLE = {
    "centre": ("centre", "steward"),
    "platform": ("platform", "steward"),
    "bank": ("bank", "officer"),
    "approver": ("bank", "approver"),
    "viewer": ("bank", "viewer"),
    "firm": ("firm", "owner"),
    "regulator": ("regulator", "auditor"),
    "operator": ("operator", "owner"),
}
ALL = set(PEOPLE)
DATA = {"centre", "platform", "bank", "approver", "viewer", "firm"}
PROVIDERS = {"centre", "platform"}
PUBLIC = {
    "core:healthz", "core:readyz", "core:schema", "set_language", "exchange:exchange",
    "ui:gallery", "ui:node-gallery", "ui:error-gallery",
}  # fmt: skip
ACCOUNT = {
    "account_login", "account_logout", "account_inactive", "account_reauthenticate", "account_change_password",
    "mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_deactivate_totp",
}  # fmt: skip
POST_ONLY = {
    "capsules:policy-preview",
    "capsules:policy-trial",
    "capsules:policy-export",
    "governance:preview",
    "tenants:revoke-token",
    "tenants:change-role",
    "tenants:set-active",
}
ARGUMENTS = {"uuid": UUID(int=7), "str": "nothing", "slug": "nothing", "int": 7}
NAMED = {"uscc": code(999), "digest": "sm3:" + "0" * 64, "status": 404, "kind": "json"}

MAY: dict[str, set[str]] = {
    "ledger:entries": ALL - {"bank", "approver", "viewer"},  # owners, stewards and auditors
    "tenants:switch": ALL,
    "tenants:tokens": ALL,
    "tenants:handover": set(),  # asked without saying which node
    "tenants:organisations": ALL,
    "tenants:add-organisation": {"operator"},
    "tenants:people": {"operator"},
    "tenants:add-person": {"operator"},
    "exchange:nodes": {"operator", "regulator"},
    "governance:overview": ALL,
    "governance:new": {"centre"},
    "governance:api-zone-rules": ALL,
    "registry:search": ALL,
    "registry:enterprise-list": ALL,
    "datasets:list": DATA | {"regulator"},
    "datasets:api-datasets": DATA | {"regulator"},
    "capsules:list": DATA | {"regulator"},
    "capsules:policy-new": PROVIDERS | {"firm"},  # owners and stewards of whoever has data
    "capsules:api-policies": set(),  # takes a POST
    "capsules:api-policy-schema": ALL,
    "capsules:api-capsules": DATA | {"regulator"},
    "votes:api-votes": ALL - {"operator"},
    "contracts:list": DATA | {"regulator"},
    "contracts:new": PROVIDERS | {"firm"},
    "contracts:api-contracts": DATA | {"regulator"},
    "scoring:list": ALL,
    "scoring:api-scorecards": ALL,
    "compute:list": DATA | {"regulator"},
    "compute:duties": DATA | {"regulator"},
    "compute:api-duties": DATA | {"regulator"},
    "compute:new": {"bank", "firm"},
    "compute:check": set(),  # asked without saying what
    "compute:api-jobs": DATA | {"regulator"},
    "compute:api-enquiries": set(),  # takes a POST
    "lending:list": {"bank", "approver"},
    "lending:credit": {"firm"},
    "lending:ask": set(),  # takes a POST
    "lending:authorise": set(),  # takes a POST
    "supervision:events": {"regulator"},
    "supervision:jobs": {"regulator"},
    "workspaces:home": ALL,
    "workspaces:search": ALL,
}


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every named address with its full name."""

    def walk(patterns, space: str) -> Iterator[tuple[str, URLPattern]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                inner = f"{space}{one.namespace}:" if one.namespace else space
                yield from walk(one.url_patterns, inner)
            else:
                assert one.name, f"{one.pattern} has no name"
                yield f"{space}{one.name}", one

    yield from walk(get_resolver().url_patterns, "")


def filled(name: str, pattern: URLPattern) -> tuple[str, bool]:
    """The address, and whether it names an object (that does not exist)."""
    wanted = {
        key: NAMED.get(key, ARGUMENTS.get(type(converter).__name__.removesuffix("Converter").lower(), "nothing"))
        for key, converter in pattern.pattern.converters.items()
    }
    for key in pattern.pattern.regex.groupindex:
        wanted.setdefault(key, NAMED.get(key, "nothing"))
    wanted.pop("format", None)
    return reverse(name, kwargs=wanted), bool(wanted)


ADDRESSES = dict(addresses())


def test_every_address_is_listed():
    known = PUBLIC | ACCOUNT | POST_ONLY | set(MAY)
    plain = {name for name, pattern in ADDRESSES.items() if not filled(name, pattern)[1]}
    assert plain - known == set()
    assert (PUBLIC | ACCOUNT | set(MAY)) - set(ADDRESSES) == set()


def test_without_a_sign_in_only_public_addresses_answer(db, client):
    for name, pattern in ADDRESSES.items():
        if name in PUBLIC | ACCOUNT:
            continue
        address, _named = filled(name, pattern)
        for method in (client.get, client.post):
            answer = method(address)
            if address.startswith("/api/"):
                assert answer.status_code == 401, (name, answer.status_code)
            else:
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/"), name


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_gets_its_pages_and_no_others(zone, who):
    client = zone.client(*PEOPLE[who])
    wrong = []
    for name, pattern in ADDRESSES.items():
        if name in PUBLIC | ACCOUNT:
            continue
        address, names_an_object = filled(name, pattern)
        status = client.get(address, follow=True).status_code
        allowed = {200} if who in MAY.get(name, ()) and not names_an_object else {403, 404, 405}
        if status not in allowed:
            wrong.append((name, status))
    assert wrong == []
