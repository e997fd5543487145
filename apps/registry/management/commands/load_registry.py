"""`load_registry`: bring the code tables up to date, and take in an agency's records."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.registry.services import HEADER, load_code_tables, load_register

MOST_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Loads GB/T 4754-2017 and GB/T 2260. With --firms also an agency's records as CSV in UTF-8, "
        f"columns {', '.join(HEADER)}; records that cannot be right are left out and listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--firms, and where its records come from."""
        parser.add_argument("--firms", type=Path, help="CSV file of the public register")
        parser.add_argument("--source", default="", help="the agency that publishes it")
        parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="day of the records, YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        industries, regions = load_code_tables()
        self.stdout.write(f"{industries} industries, {regions} divisions")
        if options["firms"] is not None:
            self._load(options["firms"], source=options["source"], as_of=options["as_of"])

    def _load(self, path: Path, *, source: str, as_of: date | None) -> None:
        if not source or as_of is None:
            raise CommandError("--firms needs --source and --as-of: every record shows where it comes from and when.")
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                loaded = load_register(csv.reader(file), source=source, as_of=as_of)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{path} is no CSV in UTF-8: {error}") from error
        self.stdout.write(f"{loaded.rows} firms, {len(loaded.faults)} records left out")
        for line, reason in loaded.faults[:MOST_SHOWN]:
            self.stdout.write(f"  line {line}: {reason}")
