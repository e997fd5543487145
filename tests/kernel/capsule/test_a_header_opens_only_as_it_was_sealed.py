"""The content keys open for this header's own secret, beside exactly the header and policy they were wrapped for."""

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
from tests.kernel.capsule.making import BODY, CAPSULE, KEY, body, divided, header, policy

OTHER = "01920000-0000-7000-8000-0000000000ff"
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def held():
    return divided()


@pytest.fixture(scope="module")
def sealed(held):
    return header(held, body()[1])


def what(changed, held):
    with pytest.raises(CapsuleDamaged) as refused:
        open_header(changed, held.secret)
    return refused.value.what


def test_the_secret_gives_the_keys_and_the_header_names_policy_and_body(held, sealed):
    assert open_header(parse(to_canonical(sealed), CapsuleHeader), held.secret) == {0: KEY}
    assert (sealed.policy, sealed.version) == (digest_of(policy()), 1)
    assert summary_of(sealed).length == body()[1].length


def test_the_key_itself_stands_nowhere_in_the_header(sealed):
    text = to_canonical(sealed).decode()
    assert KEY.hex() not in text
    assert KEY.decode() not in text


def test_another_secret_is_told_so(sealed):
    assert what(sealed, divided()) == "key"


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x04])
def test_every_changed_byte_of_the_header_is_refused_without_looking_at_the_signature(held, sealed, mask):
    text = to_canonical(sealed)
    read = 0
    for at in range(len(text)):
        changed = text[:at] + bytes([text[at] ^ mask]) + text[at + 1 :]
        try:
            document = parse(changed, CapsuleHeader)
        except DocumentError:
            continue
        read += 1
        assert what(document, held) in {"header", "key"}
    assert read > 50  # many changes are well-formed documents: these are what the wrap has to refuse


def test_keys_do_not_open_beside_another_policy_version_capsule_or_group(held, sealed):
    changes = (
        {"policy": "sm3:" + "1" * 64},
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
    )
    for change in changes:
        assert what(replace(sealed, **change), held) == "header", change
    others = ({"version": 2}, {"capsule": OTHER}, {"custody": divided().custody})
    for change in others:
        assert what(replace(sealed, **change), held) == "key", change
    moved = replace(sealed.custody, holders=(replace(sealed.custody.holders[0], name="Another"),))
    assert what(replace(sealed, custody=moved), held) == "header"


def test_a_key_without_a_group_is_refused(held, sealed):
    """Everything else is right: the wraps were made under this secret for this very header."""
    draft, keys = replace(sealed, wrapped=()), {0: KEY, 1: KEY}
    place = {"capsule": CAPSULE, "policy_digest": draft.policy, "version": 1, "associated": to_canonical(draft)}
    forged = replace(draft, wrapped=tuple(wrap_content_keys(keys, held.secret, **place)))
    assert unwrap_content_keys(forged.wrapped, held.secret, **place) == keys
    assert what(forged, held) == "header"


def test_an_edit_is_a_new_wrap_over_the_same_body(held, sealed):
    renewed = divided(version=2)
    keys = open_header(sealed, held.secret)
    edited = rewrap(sealed, policy=policy(version=2, uses=9), keys=keys, divided=renewed, now=9)
    assert open_header(edited, renewed.secret) == {0: KEY}
    assert (edited.body, edited.body_digest, edited.groups) == (sealed.body, sealed.body_digest, sealed.groups)
    assert (edited.version, edited.policy) == (2, digest_of(policy(version=2, uses=9)))
    assert edited.custody != sealed.custody
    assert edited.wrapped != sealed.wrapped


def test_wraps_and_secrets_of_two_versions_do_not_mix(held, sealed):
    renewed = divided(version=2)
    edited = rewrap(sealed, policy=policy(version=2), keys={0: KEY}, divided=renewed, now=9)
    for left, mine, right, theirs in ((sealed, held, edited, renewed), (edited, renewed, sealed, held)):
        assert what(left, theirs) == "key"
        assert what(replace(left, wrapped=right.wrapped), mine) == "header"
        assert what(replace(left, custody=right.custody), theirs) == "key"
        assert what(replace(left, custody=right.custody, version=right.version), theirs) == "header"
        assert what(replace(left, policy=right.policy, version=right.version), mine) == "key"


@pytest.mark.parametrize(
    "other", [{"version": 1}, {"version": 2, "capsule": OTHER}, {"version": 2, "dataset": OTHER}], ids=str
)
def test_a_rewrap_takes_only_a_later_policy_of_the_same_capsule(held, sealed, other):
    with pytest.raises(ValueError, match=r"later version|another capsule"):
        rewrap(sealed, policy=policy(**other), keys={0: KEY}, divided=held, now=9)


@pytest.mark.parametrize("keys", [{}, {1: KEY}, {0: KEY, 5: KEY}])
def test_keys_and_groups_must_belong_together(held, sealed, keys):
    with pytest.raises(ValueError, match="content key needs its group"):
        seal_header(
            policy=policy(),
            keys=keys,
            divided=held,
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
