"""The first step of `make`: what stands in its way is one sentence with its mend, and never a wrong one."""

import os
import subprocess
import sys

import pytest

from deploy import bootstrap, room
from tests.database import ROOT

NOWHERE = "http://127.0.0.1:9/simple"
FULL_OF_UV = """error: Failed to install: heavy-1.0-py3-none-any.whl (heavy==1.0)
  cause: Failed to copy to `/srv/.venv/lib/python3.11/site-packages/heavy.bin`
  cause: failed to copy file from /srv/heavy.bin to /srv/.tmpax5WFm: No space left on device (os error 28)"""
WITHOUT_ENSUREPIP = """The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv"""


@pytest.fixture
def ran(monkeypatch) -> list[list[str]]:
    """Commands that would have run, on a machine without the library."""
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "OPENMP", "libgomp-of-nowhere.so.1")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    return commands


@pytest.mark.parametrize(("user", "tries"), [(0, True), (1000, False)])
def test_root_fetches_the_library_and_whoever_cannot_is_told_how(user, tries, ran, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(bootstrap.Stop, match="apt install libgomp1"):
        bootstrap.require_openmp()
    assert any("libgomp1" in command for command in ran) is tries


def test_where_the_library_is_there_nothing_is_done(ran, monkeypatch):
    monkeypatch.setattr(bootstrap, "OPENMP", "libc.so.6")
    bootstrap.require_openmp()
    assert ran == []


def test_without_any_python_make_names_the_package(tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    done = subprocess.run(
        ["/usr/bin/make", "up"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "apt install python3.11 python3.11-venv" in done.stderr


def test_another_python_is_named_with_its_mend(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert bootstrap.main("up") == 1
    assert "Python 3.11 is needed" in (said := capsys.readouterr().err)
    assert "this is 3.13" in said
    assert "make up PYTHON=" in said


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        (FULL_OF_UV, "The disk is full: free about 5 GB"),
        ("Error: [Errno 28] No space left on device", "The disk is full: free about 5 GB"),
        (WITHOUT_ENSUREPIP, "apt install python3.11-venv"),
        ("/usr/bin/python3.11: No module named venv", "apt install python3.11-venv"),
        ("Error: [Errno 13] Permission denied: '/srv/.venv'", "Permission denied: '/srv/.venv'. Mend that"),
    ],
)
def test_a_failed_tool_is_answered_by_what_it_said(said, mend):
    assert mend in bootstrap.reason("The set", said)


def test_a_disk_that_is_full_without_a_word_is_seen(monkeypatch):
    monkeypatch.setattr(room, "free", lambda _: 0.001)
    silent = "Error: Command '['python', '-m', 'ensurepip']' returned non-zero exit status 1."
    assert "The disk is full" in bootstrap.reason("The virtual environment", silent)


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_index_that_does_not_answer_is_named(tool, monkeypatch):
    for name, value in {"PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_DEFAULT_INDEX", NOWHERE)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    command = [sys.executable, "-m", "pip"] if tool == "pip" else [str(bootstrap.VENV / "bin" / "uv"), "pip"]
    whose = [] if tool == "pip" else ["--python", sys.executable]
    with pytest.raises(bootstrap.Stop, match="no package index answers with it"):
        bootstrap.run(tool, [*command, "install", "--quiet", "--dry-run", *whose, "nothing-of-the-kind==1"])


@pytest.mark.parametrize(("installed_once", "free", "stops"), [(False, 2, True), (True, 2, False), (True, 0.5, True)])
def test_room_is_asked_for_whenever_packages_are_installed(installed_once, free, stops, tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(room, "free", lambda _: free)
    installed: list[str] = []
    monkeypatch.setattr(bootstrap, "run", lambda what, _: installed.append(what))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").touch()
    if installed_once:
        (tmp_path / ".installed-before").touch()
    if stops:
        with pytest.raises(bootstrap.Stop, match=r"GB of room; the packages need about \d GB"):
            bootstrap.install(ROOT / "requirements.txt")
    else:
        bootstrap.install(ROOT / "requirements.txt")
    assert bool(installed) is not stops
