"""`make up`: bring the zone up, let the demonstration's officers do their first work, stay until Ctrl-C."""

import signal
import sys
import time
from types import FrameType

from deploy import room
from deploy.place import CannotStart, Place, failure
from deploy.zone import Zone


def main() -> int:
    """Run the zone in the foreground; 0 after a clean stop, 1 with one sentence where it cannot start."""
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"· {time.monotonic() - began:4.0f} s  {what} …", flush=True)

    place = zone = None
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        place = Place.from_environment()
        zone = Zone(place, say)
        zone.supervisor.end_stale()
        place.require_free_ports()
        zone.start()
        from deploy.demonstration import run_demonstration

        run_demonstration(zone)
        print(f"\n  ready after {time.monotonic() - began:.0f} s; Ctrl-C stops everything.\n", flush=True)
        return zone.supervisor.wait()
    except CannotStart as stop:
        print(f"\n✗ {stop}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\n· stopping …", flush=True)
        return 0
    except OSError as error:
        if place is None or error.errno not in room.FULL:
            raise
        print(f"\n✗ {failure('The start', str(error), home=place.home)}", file=sys.stderr, flush=True)
        return 1
    finally:
        if zone is not None:
            zone.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
