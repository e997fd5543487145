"""What a zone's start ends is its own former supervisor, never another process that got its number."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.supervise import Supervisor


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The run folder of a zone."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process that waits, with these words on its command line; whatever is left is ended by its handle."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*words: str) -> subprocess.Popen[bytes]:
        waits = (
            "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "  # background runs ignore it
            "print('here', flush=True); signal.pause()"
        )
        process = subprocess.Popen([sys.executable, "-c", waits, *words], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def end_stale(run: Path, process: subprocess.Popen[bytes]) -> None:
    """Start as after a crash: the process id file of the last run names this process."""
    (run / "zone.pid").write_text(str(process.pid))
    Supervisor(run=run, log=run, programs=[]).end_stale()
    assert not (run / "zone.pid").exists()


def test_the_own_former_supervisor_is_ended(run, start):
    process = start("-m", "supervisor.supervisord", "-n", "-s", "-c", str(run / "supervisord.conf"))
    end_stale(run, process)
    assert process.wait(timeout=10) in {1, -signal.SIGINT}


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "supervisor.supervisord", "-n", "-s", "-c", "/srv/another/run/supervisord.conf"),
        ("less", "{run}/supervisord.conf"),
        ("grep", "supervisord"),
    ],
)
def test_another_process_with_its_number_is_left_alone(run, start, words):
    process = start(*(word.format(run=run) for word in words))
    end_stale(run, process)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
