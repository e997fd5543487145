"""What gives a lost node's content keys back: shares sealed to printed sheets, and all content keys under the secret.

    owner key = HKDF-SM3(secret, "creditzone/owner/v1" LF capsule LF version)

The header wraps only the groups that its policy lets in; here are all of them, for their owner. This stands in deposits
alone: what the portal keeps for ever opens nothing with a sheet.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from creditzone.kernel.custody.letters import Place, open_share, seal_share
from creditzone.kernel.custody.shares import Share
from creditzone.kernel.documents.custody import KeptKey, Recovery, SheetShare
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.keys import Opener
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.kernel.sm.sm4 import KEY, NONCE, Sm4Gcm

_OWNER: Final = b"creditzone/owner/v1\n"


def pack(secret: bytes, keys: Mapping[int, bytes], shares: Sequence[tuple[PublicKey, Share]], place: Place) -> Recovery:
    """Each of these shares for its sheet, and all content keys (by group) for whoever puts the secret together."""
    sealed = [
        SheetShare(
            sheet=sheet_id(sheet), index=share.index, sealed=seal_share(share, sheet, _at_sheet(place, sheet)).hex()
        )
        for sheet, share in shares
    ]
    cipher = Sm4Gcm(_owner_key(secret, place))
    kept = []
    for group, key in sorted(keys.items()):
        nonce = secrets.token_bytes(NONCE)
        kept.append(KeptKey(group=group, nonce=nonce.hex(), key=cipher.seal(nonce, key, _group(group, place)).hex()))
    return Recovery(shares=tuple(sealed), keys=tuple(kept))


def share_at(recovery: Recovery, sheet: Opener, place: Place) -> Share | None:
    """The share that lies there for this sheet; None where none does. Raises AuthenticationError for a damaged one."""
    name = sheet_id(sheet.public)
    found = next((one for one in recovery.shares if one.sheet == name), None)
    if found is None:
        return None
    return open_share(bytes.fromhex(found.sealed), sheet, _at_sheet(place, sheet.public), index=found.index)


def unpack(recovery: Recovery, secret: bytes, place: Place) -> dict[int, bytes]:
    """All content keys by group; raises AuthenticationError for another secret."""
    cipher = Sm4Gcm(_owner_key(secret, place))
    return {
        one.group: cipher.open(bytes.fromhex(one.nonce), bytes.fromhex(one.key), _group(one.group, place))
        for one in recovery.keys
    }


def sheet_id(sheet: PublicKey) -> str:
    """A sheet's name: the SM3 of its public key's 65 bytes."""
    return sm3.digest(bytes.fromhex(sheet.hex))


def _at_sheet(place: Place, sheet: PublicKey) -> Place:
    return replace(place, holder=sheet_id(sheet))


def _owner_key(secret: bytes, place: Place) -> bytes:
    info = _OWNER + f"{place.capsule}\n{place.version}".encode()
    return hkdf_sm3(secret, salt=b"", info=info, length=KEY)


def _group(group: int, place: Place) -> bytes:
    whole = replace(place, holder="")
    return _OWNER + f"{group}\n".encode() + whole.data()
