"""Canonical documents: one form, one reading, and a signature that cannot be carried elsewhere (DECISIONS 12)."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel import documents as d
from creditzone.kernel.sm.sm2 import PrivateKey

KEY = PrivateKey.generate()
BY = "91420100XYBANK0001"
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)


def act(reason="试", at=1):
    return d.ContractAct(
        zone="", id="01900000-0000-7000-8000-000000000001", contract="sm3:" + "0" * 64, act="suspend", by=BY,
        reason=reason, at=at,
    )  # fmt: skip


@given(names, st.integers(0, 2**53 - 1))
def test_what_is_written_reads_back_or_is_refused_for_its_text(reason, at):
    document = act(reason, at)
    try:
        assert d.parse(d.to_canonical(document), d.ContractAct) == document
    except d.DocumentError as error:
        assert "normal form" in str(error)


REFUSED = {
    "a duplicate key": lambda text: text.replace('"at":1', '"at":2,"at":1'),
    "an unknown field": lambda text: text.replace('"at":1', '"at":1,"extra":1'),
    "a space": lambda text: text.replace('"at":1', '"at": 1'),
    "another order": lambda text: json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
    "another version": lambda text: text.replace('"v":1', '"v":2'),
    "another type": lambda text: text.replace('"contract-act"', '"contract"'),
    "a float": lambda text: text.replace('"at":1', '"at":1.0'),
    "an escaped letter": lambda text: text.replace("suspend", "\\u0073uspend"),
    "trailing bytes": lambda text: text + " ",
    "a missing field": lambda text: text.replace('"at":1,', ""),
}


@pytest.mark.parametrize("how", REFUSED)
def test_no_other_bytes_are_read_as_the_same_document(how):
    text = d.to_canonical(act()).decode()
    changed = REFUSED[how](text)
    assert changed != text
    with pytest.raises(d.DocumentError):
        d.parse(changed.encode(), d.ContractAct)


def test_text_that_is_not_nfc_is_refused():
    with pytest.raises(d.DocumentError, match="normal form"):
        d.parse(d.to_canonical(act("e\u0301")), d.ContractAct)


def test_integers_beyond_what_json_keeps_are_refused():
    with pytest.raises(d.DocumentError):
        d.parse(d.to_canonical(act()).replace(b'"at":1', b'"at":9007199254740992'), d.ContractAct)


def test_a_signature_holds_for_its_type_its_bytes_and_its_key_only():
    signed = d.signed(act(), KEY, by=BY)
    assert d.require_signature(signed, d.ContractAct, by=BY, key=KEY.public) == act()
    with pytest.raises(d.SignatureInvalid):
        d.require_signature(signed, d.Contract, by=BY, key=KEY.public)
    spaced = signed.text.replace(",", ", ")
    value = KEY.sign(b"creditzone/contract-act/v1\n" + spaced.encode()).hex()
    loose = d.Signed(text=spaced, signatures=(d.Signature(by=BY, key=d.key_id(KEY.public), value=value),))
    with pytest.raises(d.DocumentError):
        d.require_signature(loose, d.ContractAct, by=BY, key=KEY.public)
    with pytest.raises(d.SignatureInvalid):
        d.require_signature(signed, d.ContractAct, by=BY, key=PrivateKey.generate().public)
    with pytest.raises(d.SignatureInvalid):
        d.require_signature(signed, d.ContractAct, by="91420100XYF1RM0001", key=KEY.public)
    other = d.Signed(text=d.to_canonical(act("另")).decode(), signatures=signed.signatures)
    with pytest.raises(d.SignatureInvalid):
        d.require_signature(other, d.ContractAct, by=BY, key=KEY.public)


def test_a_signature_over_plain_json_is_none_over_the_document():
    """Signed bytes begin with the document's type, so whoever signs raw JSON elsewhere signed no document of ours."""
    text = d.to_canonical(act())
    raw = d.Signature(by=BY, key=d.key_id(KEY.public), value=KEY.sign(text).hex())
    with pytest.raises(d.SignatureInvalid):
        d.require_signature(d.Signed(text=text.decode(), signatures=(raw,)), d.ContractAct, by=BY, key=KEY.public)


def test_every_document_type_is_frozen_and_strict():
    for kind in msgspec.inspect.multi_type_info(d.AnyDocument.__args__):
        assert kind.forbid_unknown_fields, kind.cls
        assert kind.cls.__struct_config__.frozen, kind.cls
