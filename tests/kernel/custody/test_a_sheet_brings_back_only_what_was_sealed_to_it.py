"""What lies in a deposit for a lost node: each share opens with its own sheet at its own place, all content keys with
the secret of just this version, and with nothing else."""

from dataclasses import replace

import msgspec
import pytest

from creditzone.kernel.custody.letters import Place
from creditzone.kernel.custody.recovery import pack, share_at, sheet_id, unpack
from creditzone.kernel.custody.shares import SALT, Share
from creditzone.kernel.sm.sm2 import PrivateKey
from creditzone.kernel.sm.sm4 import AuthenticationError

PLACE = Place(
    zone="sm3:" + "a" * 64,
    provider="91110000100000000X",
    holder="91110000100000000X",
    capsule="01920000-0000-7000-8000-000000000001",
    version=2,
)
OFFICER, SUPERVISOR, STRANGER = (PrivateKey.generate() for _ in range(3))
OWN, THIRD = Share(0, b"s" * SALT, b"p" * 32), Share(3, b"t" * SALT, b"q" * 16)
SECRET, KEYS = b"k" * 32, {0: b"0" * 16, 7: b"7" * 16}


@pytest.fixture(scope="module")
def recovery():
    return pack(SECRET, KEYS, [(OFFICER.public, OWN), (SUPERVISOR.public, THIRD)], PLACE)


def test_each_sheet_opens_its_own_share(recovery):
    assert share_at(recovery, OFFICER, PLACE) == OWN
    assert share_at(recovery, SUPERVISOR, PLACE) == THIRD
    assert share_at(recovery, STRANGER, PLACE) is None


@pytest.mark.parametrize("changes", [{"version": 3}, {"capsule": PLACE.capsule[:-1] + "2"}, {"provider": "x"}])
def test_nothing_opens_at_another_place(recovery, changes):
    elsewhere = replace(PLACE, **changes)
    with pytest.raises(AuthenticationError):
        share_at(recovery, OFFICER, elsewhere)
    with pytest.raises(AuthenticationError):
        unpack(recovery, SECRET, elsewhere)


def test_a_share_that_is_laid_under_another_sheet_or_number_does_not_open(recovery):
    officers, supervisors = recovery.shares
    moved = msgspec.structs.replace(supervisors, sheet=sheet_id(OFFICER.public))
    numbered = msgspec.structs.replace(officers, index=1)
    for one in (moved, numbered):
        with pytest.raises(AuthenticationError):
            share_at(msgspec.structs.replace(recovery, shares=(one,)), OFFICER, PLACE)


def test_all_content_keys_open_with_the_secret_alone(recovery):
    assert unpack(recovery, SECRET, PLACE) == KEYS
    with pytest.raises(AuthenticationError):
        unpack(recovery, b"K" * 32, PLACE)
    swapped = tuple(msgspec.structs.replace(one, group=7 - one.group) for one in recovery.keys)
    with pytest.raises(AuthenticationError):
        unpack(msgspec.structs.replace(recovery, keys=swapped), SECRET, PLACE)


def test_no_plain_share_or_key_stands_in_it(recovery):
    written = msgspec.json.encode(recovery)
    for plain in (OWN.value, THIRD.value, *KEYS.values(), SECRET):
        assert plain.hex().encode() not in written
