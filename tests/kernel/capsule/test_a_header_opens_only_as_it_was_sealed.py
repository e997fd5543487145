"""The content keys open for the owner's key, beside exactly the header and the policy they were wrapped for."""

import msgspec
import pytest

from creditzone.kernel.capsule import (
    CapsuleDamaged,
    open_header,
    rewrap,
    seal_header,
    summary_of,
    unwrap_content_keys,
    wrap_content_keys,
)
from creditzone.kernel.documents import CapsuleHeader, DocumentError, digest_of, parse, to_canonical
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.kernel.capsule.making import BODY, CAPSULE, KEY, body, header, policy

OTHER = "01920000-0000-7000-8000-0000000000ff"
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def owner():
    return PrivateKey.generate()


@pytest.fixture(scope="module")
def sealed(owner):
    return header(owner.public, body()[1])


def what(changed, key):
    with pytest.raises(CapsuleDamaged) as refused:
        open_header(changed, key)
    return refused.value.what


def test_the_owner_gets_the_keys_and_the_header_names_policy_and_body(owner, sealed):
    assert open_header(parse(to_canonical(sealed), CapsuleHeader), owner) == {0: KEY}
    assert (sealed.policy, sealed.version) == (digest_of(policy()), 1)
    assert summary_of(sealed).length == body()[1].length


def test_the_key_itself_stands_nowhere_in_the_header(sealed):
    text = to_canonical(sealed).decode()
    assert KEY.hex() not in text
    assert KEY.decode() not in text


def test_another_key_is_told_so(sealed):
    assert what(sealed, PrivateKey.generate()) == "key"


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x04])
def test_every_changed_byte_of_the_header_is_refused_without_looking_at_the_signature(owner, sealed, mask):
    text = to_canonical(sealed)
    read = 0
    for at in range(len(text)):
        changed = text[:at] + bytes([text[at] ^ mask]) + text[at + 1 :]
        try:
            document = parse(changed, CapsuleHeader)
        except DocumentError:
            continue
        read += 1
        assert what(document, owner) in {"header", "key"}
    assert read > 50  # many changes are well-formed documents: these are what the wrap has to refuse


def test_keys_do_not_open_beside_another_policy_version_capsule_or_group(owner, sealed):
    changes = (
        {"policy": "sm3:" + "1" * 64},
        {"version": 2},
        {"capsule": OTHER},
        {"body": OTHER},
        {"body_digest": "sm3:" + "1" * 64},
        {"provider": "91110000MA00000007"},
        {"dataset": OTHER},
        {"domain": "turnover"},
        {"rows": 2},
        {"sealed_at": 5},
        {"zone": ""},
        {"groups": ()},
        {"groups": (*sealed.groups, replace(sealed.groups[0], index=1))},
        {"wrapped": (replace(sealed.wrapped[0], group=1),)},
        {"wrapped": sealed.wrapped * 2},
        {"secret": ""},
    )
    for change in changes:
        assert what(replace(sealed, **change), owner) == "header", change


@pytest.mark.parametrize(
    ("secret", "keys"), [(b"s" * 31, {0: KEY}), (b"s" * 33, {0: KEY}), (b"s" * 32, {0: KEY, 1: KEY})]
)
def test_a_secret_of_another_length_and_a_key_without_a_group_are_refused(owner, sealed, secret, keys):
    """Everything else is right: the wraps were made under this secret for this very header."""
    draft = replace(sealed, secret=owner.public.encrypt(secret).hex(), wrapped=())
    place = {"capsule": CAPSULE, "policy_digest": draft.policy, "version": 1, "associated": to_canonical(draft)}
    forged = replace(draft, wrapped=tuple(wrap_content_keys(keys, secret, **place)))
    assert unwrap_content_keys(forged.wrapped, secret, **place) == keys
    assert what(forged, owner) == "header"


def test_an_edit_is_a_new_wrap_over_the_same_body(owner, sealed):
    edited = rewrap(
        sealed, policy=policy(version=2, uses=9), keys=open_header(sealed, owner), owner=owner.public, now=9
    )
    assert open_header(edited, owner) == {0: KEY}
    assert (edited.body, edited.body_digest, edited.groups) == (sealed.body, sealed.body_digest, sealed.groups)
    assert (edited.version, edited.policy) == (2, digest_of(policy(version=2, uses=9)))
    assert edited.secret != sealed.secret
    assert edited.wrapped != sealed.wrapped


def test_wraps_and_secrets_of_two_versions_do_not_mix(owner, sealed):
    edited = rewrap(sealed, policy=policy(version=2), keys={0: KEY}, owner=owner.public, now=9)
    for left, right in ((sealed, edited), (edited, sealed)):
        assert what(replace(left, wrapped=right.wrapped), owner) == "header"
        assert what(replace(left, secret=right.secret), owner) == "header"
        assert what(replace(left, secret=right.secret, wrapped=right.wrapped), owner) == "header"
        assert what(replace(left, policy=right.policy, version=right.version), owner) == "header"


@pytest.mark.parametrize(
    "other", [{"version": 1}, {"version": 2, "capsule": OTHER}, {"version": 2, "dataset": OTHER}], ids=str
)
def test_a_rewrap_takes_only_a_later_policy_of_the_same_capsule(owner, sealed, other):
    with pytest.raises(ValueError, match=r"later version|another capsule"):
        rewrap(sealed, policy=policy(**other), keys={0: KEY}, owner=owner.public, now=9)


def test_a_rewrap_may_go_to_a_new_key_of_the_owner(owner, sealed):
    renewed = PrivateKey.generate()
    edited = rewrap(sealed, policy=policy(version=2), keys={0: KEY}, owner=renewed.public, now=9)
    assert open_header(edited, renewed) == {0: KEY}
    assert what(edited, owner) == "key"


@pytest.mark.parametrize("keys", [{}, {1: KEY}, {0: KEY, 5: KEY}])
def test_keys_and_groups_must_belong_together(owner, sealed, keys):
    with pytest.raises(ValueError, match="content key needs its group"):
        seal_header(
            policy=policy(),
            keys=keys,
            owner=owner.public,
            domain="balance_sheet",
            rows=1,
            body=BODY,
            body_digest=sealed.body_digest,
            groups=sealed.groups,
            now=1,
        )


def test_only_keys_of_sixteen_bytes_are_wrapped():
    with pytest.raises(ValueError, match="16 bytes"):
        wrap_content_keys({0: bytes(15)}, bytes(32), capsule=CAPSULE, policy_digest="p", version=1, associated=b"")


def test_wraps_open_only_in_their_own_place():
    place = {"capsule": CAPSULE, "policy_digest": "sm3:1", "version": 1, "associated": b"rest"}
    wrapped = wrap_content_keys({0: KEY, 3: bytes(16)}, b"s" * 32, **place)
    assert unwrap_content_keys(wrapped, b"s" * 32, **place) == {0: KEY, 3: bytes(16)}
    others = ({"capsule": OTHER}, {"policy_digest": "sm3:2"}, {"version": 2}, {"associated": b"resT"})
    for other in others:
        with pytest.raises(CapsuleDamaged):
            unwrap_content_keys(wrapped, b"s" * 32, **{**place, **other})
    for moved in (wrapped[::-1], [wrapped[0], wrapped[0]], [replace(wrapped[0], group=3)]):
        with pytest.raises(CapsuleDamaged):
            unwrap_content_keys(moved, b"s" * 32, **place)
    with pytest.raises(CapsuleDamaged):
        unwrap_content_keys(wrapped, b"S" * 32, **place)


def test_a_group_that_the_header_does_not_name_is_refused(sealed):
    with pytest.raises(CapsuleDamaged):
        summary_of(sealed, 1)
