"""`make bench`: every measured promise in one run, as tables with ratios. A job runs through a whole zone at 1e5 and
1e6 rows a side; `CREDITZONE_BENCH=full` adds a million rows to the bare intersection."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import engine, intake, job, kernel, opening, policies, sealing, tenancy
from deploy.place import Place, free_port, nodes_from
from deploy.zone import Zone


def main() -> int:
    """Measure and print."""
    full = os.environ.get("CREDITZONE_BENCH") == "full"
    print(f"{machine()}\n")
    table(
        ("sealing", "MB/s", "x libgcrypt", "x OpenSSL"),
        (
            (row.what, f"{row.megabytes_per_second:.0f}", ratio(row.to_libgcrypt), ratio(row.to_openssl))
            for row in sealing.run()
        ),
    )
    table(
        ("1 GB, both cores sharing its chunks", "MB/s", "x one core", "x two cores", "x two cores that also write"),
        gigabyte(),
    )
    table(
        (f"three columns out of twenty, {opening.ROWS:,} rows", "columns", "MB", "seconds", "x the bare cipher"),
        (
            (row.what, str(row.columns), f"{row.megabytes:.1f}", f"{row.seconds:.3f}", ratio(row.ratio))
            for row in opening.run()
        ),
    )
    table(
        ("a policy's decision", "decisions/s", "plain comparisons/s", "ratio"),
        (
            (
                f"{row.rules} rule{'s' if row.rules > 1 else ''}, the last permits",
                f"{row.per_second:,.0f}",
                f"{row.plain_per_second:,.0f}",
                ratio(row.ratio),
            )
            for row in policies.run()
        ),
    )
    table(
        ("a CSV file", "rows", "MB", "seconds", "x polars"),
        (
            (row.what, f"{row.rows:,}", f"{row.megabytes:.1f}", f"{row.seconds:.2f}", ratio(row.ratio))
            for row in intake.run()
        ),
    )
    table(
        ("engine", "rows", "seconds", "rows/s", "ratio"),
        (
            (row.what, f"{row.rows:,}", f"{row.seconds:.2f}", f"{row.per_second:,.0f}", ratio(row.ratio))
            for row in engine.run(full)
        ),
    )
    table(
        ("a whole job in a running zone", "rows a side", "seconds", "rows/s", "x the library alone"),
        (
            (row.what, f"{row.rows:,}", f"{row.seconds:.2f}", f"{row.per_second:,.0f}", ratio(row.ratio))
            for row in job.run()
        ),
    )
    with embedded_server() as url:
        table(
            ("row-level security at 1e6 rows", "policy ms", "WHERE ms", "ratio"),
            ((row.what, f"{row.guarded_ms:.3f}", f"{row.where_ms:.3f}", ratio(row.ratio)) for row in tenancy.run(url)),
        )
    table(("code to trust", "files", "lines"), ((row.what, str(row.files), f"{row.lines:,}") for row in kernel.run()))
    return 0


def gigabyte() -> Iterator[Sequence[str]]:
    """The rows of 1 GB, and the peak memory of the process that sealed and opened it."""
    found = sealing.gigabyte()
    for what, speed in (("sealing", found.sealing), ("opening", found.opening)):
        ratios = (ratio(speed / floor) for floor in (found.bare, found.bare_two, found.floor))
        yield f"capsule, {what}", f"{speed:.0f}", *ratios
    yield f"peak memory of both: {found.peak_mb:.0f} MB", *"---"


@contextmanager
def embedded_server() -> Iterator[str]:
    """The embedded PostgreSQL in a folder of its own for as long as the block lasts; its superuser's address."""
    with tempfile.TemporaryDirectory(prefix="cz-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        port = free_port()
        zone = Zone(Place(home=home, port=port, nodes=nodes_from(port)), lambda what: None)
        try:
            zone.start_services()
            yield zone.admin_url
        finally:
            zone.stop()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A Markdown table, as it stands in docs/performance.md."""
    print("| " + " | ".join(heads) + " |\n| --- |" + " ---: |" * (len(heads) - 1), flush=True)
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def ratio(value: float | None) -> str:
    """A ratio, or a dash where there is nothing to compare with."""
    return "-" if value is None else f"{value:.2f}"


def machine() -> str:
    """What was measured on."""
    cpu = next((line.split(":")[1].strip() for line in cpuinfo() if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"{os.cpu_count()} x {cpu}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, commit {commit.stdout.strip() or 'unknown'}"
    )


def cpuinfo() -> list[str]:
    """The kernel's description of the processors; empty elsewhere than on Linux."""
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
