"""A capsule's header: the content keys, wrapped so that they open only under this very header and its policy.

    secret   32 bytes, new for every header, put together from its holders' shares (creditzone.kernel.custody)
    KEK      HKDF-SM3(secret, capsule, policy digest, policy version)
    wrapped  SM4-GCM of each content key under the KEK; associated data = group and the rest of the header

An edited policy is a new secret, a new wrap and a new header over the same body (`rewrap`): once the old secret's
shares are destroyed, the old header opens for nobody. The provider signs the header as a document; `open_header`
expects that the signature was required before.
"""

import secrets
from collections.abc import Mapping, Sequence

import msgspec

from creditzone.kernel.capsule.body import CHUNK, BodySummary
from creditzone.kernel.capsule.damage import CapsuleDamaged
from creditzone.kernel.custody.shares import fits_secret
from creditzone.kernel.custody.split import Divided
from creditzone.kernel.documents import CapsuleHeader, ColumnGroup, Policy, WrappedKey, digest_of, to_canonical
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.sm4 import KEY, NONCE, AuthenticationError, Sm4Gcm

_KEK = b"creditzone/kek/v1\n"
_WRAP = b"creditzone/wrap/v1\n"


def new_content_key() -> bytes:
    """A fresh SM4 key for one column group of one body."""
    return secrets.token_bytes(KEY)


def column_group(columns: Sequence[str], summary: BodySummary, *, index: int = 0) -> ColumnGroup:
    """A group as the header names it, from what its writer returned."""
    return ColumnGroup(index=index, columns=tuple(columns), length=summary.length, chunks=summary.chunks)


def wrap_content_keys(
    keys: Mapping[int, bytes],
    secret: bytes,
    *,
    capsule: str,
    policy_digest: str,
    version: int,
    associated: bytes,
) -> list[WrappedKey]:
    """Wrap the content keys (by group) under the KEK of this capsule, policy digest and policy version.

    `associated` is the rest of the header in canonical bytes: the wraps open beside exactly those.
    """
    cipher = Sm4Gcm(_key_encryption_key(secret, capsule, policy_digest, version))
    wrapped = []
    for group, key in sorted(keys.items()):
        if len(key) != KEY:
            raise ValueError("a content key has 16 bytes")
        nonce = secrets.token_bytes(NONCE)
        sealed = cipher.seal(nonce, key, _wrap_data(group, associated))
        wrapped.append(WrappedKey(group=group, nonce=nonce.hex(), key=sealed.hex()))
    return wrapped


def unwrap_content_keys(
    wrapped: Sequence[WrappedKey],
    secret: bytes,
    *,
    capsule: str,
    policy_digest: str,
    version: int,
    associated: bytes,
) -> dict[int, bytes]:
    """The content keys by group. Raises CapsuleDamaged when anything differs from how they were wrapped."""
    cipher = Sm4Gcm(_key_encryption_key(secret, capsule, policy_digest, version))
    keys: dict[int, bytes] = {}
    for wrap in wrapped:
        if keys and wrap.group <= max(keys):
            raise CapsuleDamaged("header")
        nonce, sealed = bytes.fromhex(wrap.nonce), bytes.fromhex(wrap.key)
        try:
            keys[wrap.group] = cipher.open(nonce, sealed, _wrap_data(wrap.group, associated))
        except AuthenticationError:
            raise CapsuleDamaged("header") from None
    return keys


def seal_header(
    *,
    policy: Policy,
    keys: Mapping[int, bytes],
    divided: Divided,
    domain: str,
    rows: int,
    body: str,
    body_digest: str,
    groups: Sequence[ColumnGroup],
    now: int,
    chunk_size: int = CHUNK,
) -> CapsuleHeader:
    """The header that binds a body to `policy`, for the provider to sign.

    `keys` holds the content keys of those groups that the policy lets in; `divided` is a new secret, drawn for this
    capsule and version; `now` is milliseconds UTC. Raises ValueError when keys and groups do not belong together.
    """
    indexes = [group.index for group in groups]
    if indexes != sorted(set(indexes)) or not keys or not set(keys) <= set(indexes):
        raise ValueError("each content key needs its group, and groups are listed once, in order")
    draft = CapsuleHeader(
        zone=policy.zone,
        capsule=policy.capsule,
        version=policy.version,
        provider=policy.provider,
        dataset=policy.dataset,
        domain=domain,
        rows=rows,
        body=body,
        body_digest=body_digest,
        chunk_size=chunk_size,
        groups=tuple(groups),
        policy=digest_of(policy),
        suite="SM4-GCM SM2 HKDF-SM3",
        custody=divided.custody,
        wrapped=(),
        sealed_at=now,
    )
    wrapped = wrap_content_keys(
        keys,
        divided.secret,
        capsule=draft.capsule,
        policy_digest=draft.policy,
        version=draft.version,
        associated=_rest_of(draft),
    )
    return msgspec.structs.replace(draft, wrapped=tuple(wrapped))


def rewrap(
    header: CapsuleHeader, *, policy: Policy, keys: Mapping[int, bytes], divided: Divided, now: int
) -> CapsuleHeader:
    """The next header over the same body, for an edited policy.

    `keys` are the content keys of the groups that the edited policy lets in. Raises ValueError unless the policy
    is a later version for the same capsule, dataset and provider.
    """
    same = (policy.zone, policy.capsule, policy.dataset, policy.provider)
    if same != (header.zone, header.capsule, header.dataset, header.provider):
        raise ValueError("the policy is for another capsule")
    if policy.version <= header.version:
        raise ValueError("an edited policy has a later version")
    return seal_header(
        policy=policy,
        keys=keys,
        divided=divided,
        domain=header.domain,
        rows=header.rows,
        body=header.body,
        body_digest=header.body_digest,
        groups=header.groups,
        now=now,
        chunk_size=header.chunk_size,
    )


def open_header(header: CapsuleHeader, secret: bytes) -> dict[int, bytes]:
    """The content keys, by group, for who put the secret together.

    Raises CapsuleDamaged: "key" for a secret that is not this header's, "header" when anything in it was changed.
    Require the provider's signature first, and ask the policy: this only opens.
    """
    if not fits_secret(header.custody, secret, header.capsule, header.version):
        raise CapsuleDamaged("key")
    indexes = [group.index for group in header.groups]
    if indexes != sorted(set(indexes)) or not {wrap.group for wrap in header.wrapped} <= set(indexes):
        raise CapsuleDamaged("header")
    return unwrap_content_keys(
        header.wrapped,
        secret,
        capsule=header.capsule,
        policy_digest=header.policy,
        version=header.version,
        associated=_rest_of(header),
    )


def _rest_of(header: CapsuleHeader) -> bytes:
    """The canonical bytes of the header with an empty list of wraps."""
    return to_canonical(msgspec.structs.replace(header, wrapped=()))


def _key_encryption_key(secret: bytes, capsule: str, policy_digest: str, version: int) -> bytes:
    info = _KEK + f"{capsule}\n{policy_digest}\n{version}".encode()
    return hkdf_sm3(secret, salt=b"", info=info, length=KEY)


def _wrap_data(group: int, associated: bytes) -> bytes:
    return _WRAP + group.to_bytes(4, "big") + associated
