"""libcrypto's DER is read in its shortest form only: a second spelling would be a second signature."""

import pytest

from creditzone.kernel.sm.sm2_curve import Sm2Error
from creditzone.kernel.sm.sm2_der import INTEGER, OCTETS, element, integer, read_sequence, sequence


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 2**255, 2**256 - 1])
def test_a_number_comes_back(number):
    (content,) = read_sequence(sequence(integer(number)), INTEGER)
    assert int.from_bytes(content, "big") == number
    assert content[0] < 0x80


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 4096, 65000])
def test_octets_of_every_length_form_come_back(size):
    assert read_sequence(sequence(element(OCTETS, bytes(size))), OCTETS) == [bytes(size)]


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "30",
        "3003020101ff",  # something after
        "300402010100",  # something inside after
        "30030201",  # cut
        "3103020101",  # another tag outside
        "3003040101",  # another tag inside
        "308103020101",  # a longer form of the length
        "30820003020101",
        "3004028101" + "01",
        "3080020101" + "0000",  # an indefinite length
        "3000",  # too few
        "3006020101020101",  # too many
        "30" + "84" + "ffffffff",
    ],
)
def test_any_other_spelling_is_refused(encoded):
    with pytest.raises(Sm2Error):
        read_sequence(bytes.fromhex(encoded), INTEGER)
