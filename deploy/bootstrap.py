"""The first step of every `make` command: a virtual environment with the pinned packages, then the command itself.

Runs on the standard library alone. Whatever is missing is said in one plain sentence with its mend.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ROOM_GIB = 5
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
        make_environment()
        install(ROOT / REQUIREMENTS.get(command, "requirements-dev.txt"))
    except Stop as stop:
        print(f"\n✗ {stop}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno == errno.ENOSPC:
            print(f"\n✗ The disk is full: free about {ROOM_GIB} GB below {ROOT} and run again.", file=sys.stderr)
            return 1
        raise
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


def make_environment() -> None:
    """Create `.venv` with uv inside, unless it is there."""
    if (VENV / "bin" / "uv").exists():
        return
    free = shutil.disk_usage(ROOT).free / 2**30
    if free < ROOM_GIB:
        raise Stop(f"{ROOT} has {free:.1f} GB of room; the packages need about {ROOM_GIB} GB. Free some and run again.")
    say("creating the virtual environment")
    if subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Stop(
            "Python's venv module is missing. On Debian or Ubuntu: apt install python3.11-venv (or python3-venv)"
        )
    done = subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", UV], capture_output=True, text=True)
    if done.returncode:
        raise Stop(f"The package index could not be reached to install uv: {last_line(done.stderr)}")


def install(requirements: Path) -> None:
    """Install exactly the pinned set, once for each content of the file."""
    mark = VENV / f".installed-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]}"
    if mark.exists():
        return
    say(f"installing the packages of {requirements.name}")
    done = subprocess.run(
        [VENV / "bin" / "uv", "pip", "install", "--quiet", "--system-certs", "--python", PYTHON, "-r", requirements],
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise Stop(f"The packages could not be installed: {last_line(done.stderr)}")
    mark.touch()


def last_line(text: str) -> str:
    """What a failed tool said last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def say(what: str) -> None:
    """One line of staged progress."""
    print(f"· {what} …", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "up"))
