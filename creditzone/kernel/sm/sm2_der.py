"""The little of DER (X.690) that libcrypto's SM2 speaks, written in its shortest form and read strictly."""

from creditzone.kernel.sm.sm2_curve import Sm2Error

INTEGER, OCTETS, SEQUENCE = 0x02, 0x04, 0x30


def integer(number: int) -> bytes:
    """A non-negative INTEGER in its shortest form."""
    return element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def element(tag: int, content: bytes) -> bytes:
    """Tag, shortest length, content (below 64 KiB)."""
    size = len(content)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def sequence(*elements: bytes) -> bytes:
    """A SEQUENCE of encoded elements."""
    return element(SEQUENCE, b"".join(elements))


def read_sequence(encoded: bytes, *tags: int) -> list[bytes]:
    """The contents of a SEQUENCE that has exactly these tags and nothing after; raises Sm2Error otherwise."""
    body, end = _read(encoded, 0, SEQUENCE)
    contents, at = [], 0
    for tag in tags:
        content, at = _read(body, at, tag)
        contents.append(content)
    if end != len(encoded) or at != len(body):
        raise Sm2Error("malformed DER")
    return contents


def _read(encoded: bytes, at: int, tag: int) -> tuple[bytes, int]:
    head = encoded[at : at + 2]
    if len(head) < 2 or head[0] != tag:
        raise Sm2Error("malformed DER")
    size, start = head[1], at + 2
    if size >= 0x80:
        width = size - 0x80
        size, start = int.from_bytes(encoded[start : start + width], "big"), start + width
    end = start + size
    if end > len(encoded) or element(tag, encoded[start:end]) != encoded[at:end]:
        raise Sm2Error("malformed DER")
    return encoded[start:end], end
