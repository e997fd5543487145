#!/usr/bin/env python
"""Django's command line for the portal (`DJANGO_SETTINGS_MODULE` chooses another process)."""

import os
import sys


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditzone.settings.portal")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
