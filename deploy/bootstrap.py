"""The first step of every `make` command: a virtual environment with the pinned packages, then the command itself.

Runs on the standard library alone. Whatever is missing is said in one plain sentence with its mend.
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy import room

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ROOM, ROOM_TO_CHANGE = 5, 1
"""GB for all packages, and for those that changed since they were installed once."""
NO_INDEX = ("connection broken by", "from versions: none", "Failed to fetch", "error sending request")
"""How pip and uv say that an index does not answer, or does not have what is asked for."""
NO_VENV = ("ensurepip is not", "No module named ensurepip", "No module named venv")
UV = "uv==0.13.9"
OPENMP, OPENMP_PACKAGE = "libgomp.so.1", "libgomp1"
REQUIREMENTS = {"up": "requirements.txt", "lock": "requirements.txt"}
MODULES = {
    "up": ("deploy.up",),
    "test": ("deploy.checks",),
    "lint": ("deploy.checks", "lint"),
    "bench": ("bench",),
    "lock": ("deploy.lock",),
}


class Stop(Exception):
    """The set-up cannot go on; the message says what is wrong and what mends it."""


def main(command: str) -> int:
    """Prepare the environment for `command` and become it."""
    if command not in MODULES:
        print(f"Unknown command {command!r}; choose one of {', '.join(MODULES)}.", file=sys.stderr)
        return 2
    try:
        require_python()
        require_openmp()
        install(ROOT / REQUIREMENTS.get(command, "requirements-dev.txt"))
    except Stop as stop:
        print(f"\n✗ {stop}", file=sys.stderr)
        return 1
    module, *arguments = MODULES[command]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments])


def require_python() -> None:
    """The engine's wheels exist for Python 3.11 (and 3.10) only; the project runs on 3.11."""
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        raise Stop(
            f"Python 3.11 is needed (the MPC engine's wheels stop there); this is {found}. "
            "Install python3.11 and python3.11-venv, or name it: make up PYTHON=/path/to/python3.11"
        )


def require_openmp() -> None:
    """The engine's wheel expects GNU's OpenMP library of the system, which comes with compilers; root fetches it."""
    if not has_openmp() and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {OPENMP_PACKAGE} with apt")
        told = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", OPENMP_PACKAGE]):
            subprocess.run(["apt-get", *words], env=told, capture_output=True)
    if not has_openmp():
        raise Stop(f"{OPENMP} is missing, which the engine needs. On Debian or Ubuntu: apt install {OPENMP_PACKAGE}")


def has_openmp() -> bool:
    """Whether the system's loader finds the library."""
    try:
        ctypes.CDLL(OPENMP)
    except OSError:
        return False
    return True


def install(requirements: Path) -> None:
    """The environment with exactly the pinned set, once for each content of the file."""
    mark = VENV / f".installed-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]}"
    if mark.exists():
        return
    require_room()
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        say("creating the virtual environment")
        run("The virtual environment", [sys.executable, "-m", "venv", "--clear", VENV])
        run("uv", [PYTHON, "-m", "pip", "install", "--quiet", UV])
    say(f"installing the packages of {requirements.name}")
    options = ["--quiet", "--system-certs", "--python", PYTHON]
    run(f"The set in {requirements.name}", [uv, "pip", "install", *options, "-r", requirements])
    mark.touch()


def require_room() -> None:
    """Before anything is written; a set that was installed once needs room for what changed only."""
    needed = ROOM_TO_CHANGE if list(VENV.glob(".installed-*")) else ROOM
    found = room.free(ROOT)
    if found < needed:
        raise Stop(f"{ROOT} has {found:.1f} GB of room; the packages need about {needed} GB. Free some and run again.")


def run(what: str, command: list) -> None:
    """Run the tool that makes `what`; raises Stop with what stands in its way and what mends that."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Stop(reason(what, done.stdout))


def reason(what: str, said: str) -> str:
    """Why `what` could not be made, from what its tool said."""
    if room.is_short(ROOT, said):
        return f"The disk is full: free about {ROOM} GB below {ROOT} (and in TMPDIR and the home's .cache), run again."
    if any(words in said for words in NO_VENV):
        return "Python's venv module is missing. On Debian or Ubuntu: apt install python3.11-venv (or python3-venv)"
    if any(words in said for words in NO_INDEX):
        return (
            f"{what} could not be fetched, for no package index answers with it ({last_line(said)}). "
            "Mend the network, or name an index that has it to pip and uv, and run again."
        )
    return f"{what} could not be installed: {last_line(said)}. Mend that, or remove {VENV}, and run again."


def last_line(text: str) -> str:
    """What a failed tool said last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def say(what: str) -> None:
    """One line of staged progress."""
    print(f"· {what} …", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "up"))
