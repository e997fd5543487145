"""A search that cannot find proves nothing: each form is planted in each kind of place, and found."""

import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests import canary
from tests.canary import Process, found_in, found_in_file, found_in_folder, found_in_stream

NUMBER, WORD, CODE = "0.735192846103957", "金丝雀7f3a9c", "91420100XY4K2F3X0P"
WANTED = canary.needles({"number": NUMBER, "word": WORD, "code": CODE})
KEY = bytes(range(200, 232))


def carried(value):
    """A text as programs that know nothing of the search write it."""
    yield "utf-8", f"x{value}y".encode()
    yield "gb18030", f"行{value}行".encode("gb18030")
    yield "utf-16", f"行{value}行".encode("utf-16-le")
    yield "utf-16", f"行{value}行".encode("utf-16-be")
    yield "json", json.dumps({"cell": value}).encode()
    yield "url", urlencode({"q": value}).encode()
    yield "repr", repr([value]).encode()
    yield "html", escape(value).encode("ascii", "xmlcharrefreplace")
    yield "hex", value.encode().hex().encode()
    yield "HEX", value.encode().hex().upper().encode()
    for before in range(6):
        text = b"?" * before + value.encode() + b"!?"
        yield "base64", base64.b64encode(text)
        yield "url-safe", base64.urlsafe_b64encode(text)
        yield "base64 of JSON", base64.b64encode(json.dumps({"k" * before: value}, ensure_ascii=False).encode())


@pytest.mark.parametrize("value", [NUMBER, WORD, CODE])
def test_a_text_is_found_however_it_was_written(value):
    wanted = canary.needles({"it": value})
    missed = [how for how, data in carried(value) if not found_in(b"\0" * 9 + data + b"\xff", wanted)]
    assert missed == []
    assert not any(found_in(data, canary.needles({"it": value[:6] + "8" + value[7:]})) for _, data in carried(value))


def test_a_number_is_found_as_programs_keep_numbers():
    digits, double = int(NUMBER[2:]), float(NUMBER)
    kept = [
        struct.pack("<d", double),
        struct.pack(">d", double),
        digits.to_bytes(8, "little"),
        digits.to_bytes(8, "big"),
        digits.to_bytes(16, "little"),
        struct.pack(">4h", 7351, 9284, 6103, 9570),
        struct.pack("<4h", 7351, 9284, 6103, 9570),
        int(CODE, 36).to_bytes(16, "big"),
        int(CODE, 36).to_bytes(12, "little"),
    ]
    assert [data for data in kept if not found_in(b"\0\0" + data + b"\1", WANTED)] == []


def test_a_key_is_found_as_bytes_and_as_text():
    wanted = canary.needles_of_keys({"key": KEY})
    written = [KEY, KEY.hex().encode(), base64.b64encode(b"12" + KEY), base64.urlsafe_b64encode(b"1" + KEY)]
    assert all(found_in(b"." + data + b".", wanted) for data in written)


def test_what_could_stand_there_by_chance_is_no_canary():
    for values in ({"short": "0.1234"}, {"short": "abc"}):
        with pytest.raises(ValueError, match="too short"):
            canary.needles(values)


def test_it_is_found_across_pieces_and_files_and_under_every_folder(tmp_path):
    data = b"." * 1000 + WORD.encode() + b"." * 1000
    for size in (1, 7, 1004, 1500):
        assert found_in_stream((data[at : at + size] for at in range(0, len(data), size)), WANTED) == {"word as utf-8"}
    deep = tmp_path / "a" / "b" / ".hidden"
    deep.mkdir(parents=True)
    (deep / "left.bin").write_bytes(data)
    (tmp_path / "link").symlink_to(deep / "left.bin")
    assert found_in_folder(tmp_path, WANTED) == [f"{deep / 'left.bin'}: word as utf-8"]
    assert found_in_file(deep / "left.bin", WANTED)
    os.utime(deep / "left.bin", (1, 1))
    assert found_in_folder(tmp_path, WANTED, since=(deep / "left.bin").stat().st_ctime)
    assert found_in_folder(tmp_path, WANTED, since=(deep / "left.bin").stat().st_ctime + 1) == []


PROGRAM = """
import sys, tempfile
held = "".join(reversed(sys.stdin.readline().strip()))
file = tempfile.TemporaryFile()
file.write(held[:20].encode()); file.flush()
number = int(held[2:17])
print("there", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holding():
    """A process that holds the number, in a text and as an integer, and in a file without a name."""
    told = {**os.environ, "CANARY_WORD": WORD}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=told
    ) as process:
        process.stdin.write(NUMBER[::-1] + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "there\n"
        yield Process(process.pid)
        process.communicate("\n")


def test_it_is_found_in_what_a_process_was_told_and_in_files_without_a_name(holding):
    assert {"word as utf-8", "code as utf-8"} <= found_in(holding.told(), WANTED)
    assert holding.environment["CANARY_WORD"] == WORD
    assert any("number as utf-8" in found_in(data, WANTED) for data in holding.unlinked())
    assert {process.pid for process in Process(os.getpid()).family()} >= {os.getpid(), holding.pid}


def test_it_is_found_in_the_memory_of_a_process(holding):
    try:
        found = found_in_stream(holding.memory(), WANTED)
    except PermissionError:
        pytest.skip("this system lets nobody read another process's memory, so that search cannot be shown to find")
    assert {"number as utf-8", "number as integer of its digits, as Python holds it"} <= found
    assert not found_in_stream(holding.memory(), canary.needles({"other": "0.735192846103958"}))


def test_temporary_folders_are_searched_as_they_are():
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".canary") as file:
        file.write(NUMBER.encode())
        file.flush()
        assert found_in_folder(Path(file.name), WANTED) == [f"{file.name}: number as utf-8"]
