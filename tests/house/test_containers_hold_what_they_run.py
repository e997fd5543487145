"""`Dockerfile` and `compose.yaml` against the code, without an engine: what a service runs, is told, and is asked."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from apps.node.__main__ import parser
from creditzone.settings.env import Env
from tests.database import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
BIN = Path(sys.executable).parent
SLIM = {"libc", "libm", "libdl", "libpthread", "librt", "libstdc++", "libgcc_s", "libutil", "ld-linux-x86-64"}
"""What the images' base has of its own."""
PACKAGED = {"libgomp": "libgomp1"}
SETTING = "DJANGO_SETTINGS_MODULE"


def told(text: str) -> str:
    """The text of compose.yaml with a drawn value for each variable that it asks for."""
    drawn = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
    urls = {"CREDITZONE_URL": "https://zone.example", "CREDITZONE_NODE_URL": "https://node.bank.example"}
    return re.sub(r"\$\{(\w+)[^}]*\}", lambda found: urls.get(found[1], drawn), text)


COMPOSE = yaml.safe_load(told((ROOT / "compose.yaml").read_text()))
BUILT = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
services = pytest.mark.parametrize("name", BUILT)


def stage(target: str) -> str:
    """The Dockerfile's lines of a target and of what it stands upon."""
    found = re.search(rf"^FROM (\S+) AS {target}\n(.*?)(?=^FROM|\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found is not None, target
    own = found[2].replace("\\\n", " ")
    return own if ":" in found[1] else stage(found[1]) + own


def command_of(name: str) -> list[str]:
    """What a service runs: its own command, else its image's."""
    said = BUILT[name].get("command")
    return said or json.loads(re.findall(r"^CMD (\[.*\])", stage(BUILT[name]["build"]["target"]), re.MULTILINE)[-1])


def environment_of(name: str) -> dict[str, str]:
    """What a service is told by its image and by compose."""
    words = " ".join(re.findall(r"^ENV (.*)$", stage(BUILT[name]["build"]["target"]), re.MULTILINE))
    image = dict(word.split("=", 1) for word in words.split())
    return image | {key: str(value) for key, value in BUILT[name]["environment"].items()}


def require_there(command: list[str]) -> None:
    """The program, module and application of a command are in the image."""
    program, *words = command
    assert program == "python" or (BIN / program).exists(), command
    for flag, found in pairwise(words):
        if flag == "-m" or ":" in found:
            module, _, attribute = found.partition(":")
            assert importlib.util.find_spec(module) is not None, command
            assert not attribute or attribute in Path(ROOT / f"{module.replace('.', '/')}.py").read_text()


@services
def test_what_a_service_runs_is_there(name):
    require_there(command_of(name))


@services
def test_a_service_is_told_what_its_settings_ask_for(name, tmp_path):
    environment = environment_of(name)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CREDITZONE_", "DJANGO_"))}
    read = [sys.executable, "-c", "from django.conf import settings; settings.INSTALLED_APPS"]
    place = {"PATH": kept["PATH"], "CREDITZONE_HOME": str(tmp_path)}
    done = subprocess.run(read, cwd=ROOT, env=kept | environment | place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = {f"CREDITZONE_{field.upper()}" for field in Env.__struct_fields__}
    assert {key for key in environment if key.startswith("CREDITZONE_")} <= known


@services
def test_health_checks_ask_what_answers(name):
    if BUILT[name].get("healthcheck", {}).get("disable"):
        return
    target = BUILT[name]["build"]["target"]
    said = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])", stage(target), re.MULTILINE)[-1]
    _python, _m, module, port, path = json.loads(said)
    assert importlib.util.find_spec(module) is not None
    assert re.findall(r"^EXPOSE (\d+)", stage(target), re.MULTILINE)[-1] == port
    urls = ROOT / ("apps/node/console/urls.py" if target == "node" else "apps/core/urls.py")
    assert f'path("{path.strip("/")}"' in urls.read_text()


@pytest.mark.parametrize("target", ["web", "node"])
def test_images_hold_all_that_the_code_imports_and_run_as_nobody(target):
    copied = {words.split()[-1] for words in re.findall(r"^COPY (?!--)(.*)$", stage(target), re.MULTILINE)}
    assert {"apps", "creditzone", "deploy", "demo", "templates", "static", "./"} <= copied
    assert re.findall(r"^USER (\S+)", stage(target), re.MULTILINE)[-1] == "creditzone"


def test_images_have_the_libraries_that_the_engine_expects_of_its_system():
    engine = Path(sysconfig.get_paths()["purelib"]) / "spu"
    missing = set()
    for file in engine.rglob("*.so*"):
        needs = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
        system = re.findall(
            r"^\s*(?:/\S*/)?([\w+-]+)\.so[.\d]* (?:=> (?:not found|/(?:usr/)?lib)|\()", needs, re.MULTILINE
        )
        missing |= set(system) - SLIM - {"linux-vdso"}
    assert missing == set(PACKAGED)
    installed = re.search(r"apt-get install -y --no-install-recommends (.*?)&&", stage("node"))
    assert installed is not None
    assert {"libgcrypt20", "libssl3", *PACKAGED.values()} <= set(installed[1].split())


def test_a_nodes_static_files_are_in_its_image_and_its_services_wait_for_init():
    assert "manage.py collectstatic" in stage("node")
    nodes = [service for service in BUILT.values() if service["build"]["target"] == "node"]
    assert all(service["profiles"] == ["bank"] and service["shm_size"] == "4gb" for service in nodes)
    assert not any("profiles" in service for service in BUILT.values() if service["build"]["target"] == "web")


def test_the_page_of_deployment_names_commands_that_there_are():
    page = (ROOT / "docs" / "deployment.md").read_text()
    for words in re.findall(r"-m apps\.node (init .*?) < card\.json", page.replace("\\\n", " "), re.DOTALL):
        assert parser().parse_args(["--home", "x", *re.findall(r'"[^"]*"|\S+', words)]).zone_card == "-"
    commands = {path.stem for path in ROOT.glob("apps/*/management/commands/*.py")}
    assert set(re.findall(r"manage\.py (\w+)", page)) <= commands
    assert set(re.findall(r"run --rm -T ([\w-]+)", page)) <= set(BUILT)
    assert set(re.findall(r"^compose=.*|--profile (\w+)", page, re.MULTILINE)) - {""} == {"bank"}
