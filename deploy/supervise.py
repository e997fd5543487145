"""The zone's processes under a supervisor that brings a dead child back, and nothing that outlives it.

Every program starts through `deploy.tether`, which asks the kernel to stop it when the supervisor dies.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.place import CannotStart


def clean_environment() -> dict[str, str]:
    """This process's environment without the zone's own settings: each process is told its part and no more."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CREDITZONE_", "DJANGO_"))}


@dataclass(frozen=True, kw_only=True)
class Program:
    """One supervised program."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    priority: int = 100
    stop: str = "TERM"


class Supervisor:
    """supervisord as a child of this process; programs are started by name, in stages."""

    def __init__(self, *, run: Path, log: Path, programs: list[Program]) -> None:
        self._run, self._log, self._programs = run, log, programs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _conf(self) -> Path:
        return self._run / "supervisord.conf"

    @property
    def is_running(self) -> bool:
        """Whether this process's supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the supervisor with no program running yet."""
        self._run.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._log.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.end_stale()
        self._write()
        command = [sys.executable, "-m", "deploy.tether", "INT", sys.executable, "-m", "supervisor.supervisord"]
        command += ["-n", "-s", "-c", str(self._conf)]
        self._process = subprocess.Popen(command, start_new_session=True, env=clean_environment())
        (self._run / "zone.pid").write_text(str(self._process.pid))
        self._until_it_answers()

    def _until_it_answers(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self._control("pid").returncode == 0:
                return
            time.sleep(0.1)
        raise CannotStart(f"The process supervisor did not start; see {self._log / 'supervisor.log'}.")

    def end_stale(self) -> None:
        """Stop what a former run left behind, named by its process id file."""
        path = self._run / "zone.pid"
        if not path.exists():
            return
        pid = int(path.read_text() or 0)
        if pid and _is_supervisor(pid, conf=self._conf):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 30
            while _is_supervisor(pid, conf=self._conf) and time.monotonic() < deadline:
                time.sleep(0.2)
        path.unlink()

    def run(self, *names: str) -> None:
        """Start programs and wait until the supervisor calls them running; raises CannotStart naming the log."""
        done = self._control("start", *names)
        failed = [line for line in done.stdout.splitlines() if "ERROR" in line and "already started" not in line]
        if failed:
            name = failed[0].split(":")[0]
            raise CannotStart(f"{name} does not start; the reason stands at the end of {self._log / name}.log.")

    def _control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(self._conf), *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def wait(self) -> int:
        """Until the supervisor ends."""
        assert self._process is not None
        return self._process.wait()

    def stop(self) -> None:
        """Stop every program, PostgreSQL last, then the supervisor."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self._process.kill()
        (self._run / "zone.pid").unlink(missing_ok=True)

    def _write(self) -> None:
        parts = [
            f"[supervisord]\nlogfile={self._log}/supervisor.log\nloglevel=warn\npidfile={self._run}/supervisord.pid\n"
            f"nodaemon=true\nchildlogdir={self._log}\nminfds=4096" + ("\nuser=root" if os.geteuid() == 0 else ""),
            f"[unix_http_server]\nfile={self._run}/supervisor.sock\nchmod=0700",
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            f"[supervisorctl]\nserverurl=unix://{self._run}/supervisor.sock",
            *(self._section(program) for program in self._programs),
        ]
        text = "\n\n".join(parts) + "\n"
        with os.fdopen(os.open(self._conf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def _section(self, program: Program) -> str:
        user = ["--user", program.user] if program.user else []
        command = [sys.executable, "-m", "deploy.tether", program.stop, *user, *program.command]
        environment = ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(program.environment.items()))
        return "\n".join(
            [
                f"[program:{program.name}]",
                "command=" + " ".join(_quote(word) for word in command),
                f"directory={Path.cwd()}",
                f"environment={environment}",
                f"priority={program.priority}",
                f"stopsignal={program.stop}",
                "autostart=false",
                "autorestart=true",
                "startsecs=1",
                "startretries=20",
                "stopwaitsecs=12",
                "stopasgroup=false",
                "killasgroup=true",
                f"stdout_logfile={self._log}/{program.name}.log",
                "redirect_stderr=true",
                "stdout_logfile_maxbytes=5MB",
                "stdout_logfile_backups=2",
            ]
        )


def _escape(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


def _quote(word: str) -> str:
    return '"' + _escape(word) + '"' if any(sign in word for sign in ' "%;') else word


def _is_supervisor(pid: int, *, conf: Path) -> bool:
    """Whether the process is a supervisor started with this configuration: numbers are given out again, and another
    zone's supervisor may have got this one."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"supervisor.supervisord" in words and os.fsencode(conf) in words
