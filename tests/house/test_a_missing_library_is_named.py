"""The first step of `make`: the engine's library is fetched by root, else named with what mends it."""

import os
import subprocess

import pytest

from deploy import bootstrap


@pytest.fixture
def ran(monkeypatch) -> list[list[str]]:
    """Commands that would have run, on a machine without the library."""
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "OPENMP", "libgomp-of-nowhere.so.1")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    return commands


@pytest.mark.parametrize(("user", "tries"), [(0, True), (1000, False)])
def test_root_fetches_it_and_whoever_cannot_is_told_how(user, tries, ran, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(bootstrap.Stop, match="apt install libgomp1"):
        bootstrap.require_openmp()
    assert any("libgomp1" in command for command in ran) is tries


def test_where_it_is_there_nothing_is_done(ran, monkeypatch):
    monkeypatch.setattr(bootstrap, "OPENMP", "libc.so.6")
    bootstrap.require_openmp()
    assert ran == []
