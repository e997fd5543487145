"""`make lock`: resolve requirements*.in into fully pinned files, wheels only, for Python 3.11."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = [str(ROOT / ".venv" / "bin" / "uv"), "pip", "compile", "--quiet", "--python-version", "3.11"]


def main() -> int:
    """Compile both files; the development set contains the runtime's exact pins."""
    runtime = [*UV, "--no-build", "requirements.in", "-o", "requirements.txt"]
    develop = [*UV, "requirements-dev.in", "requirements.txt", "-o", "requirements-dev.txt"]
    return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in (runtime, develop))


if __name__ == "__main__":
    sys.exit(main())
