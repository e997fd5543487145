"""Headless Chromium for the browser tests: the system's, else Debian's package when root, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk")


class NoBrowser(Exception):
    """No browser could be found or installed; the message says what to do."""


def find_or_install() -> str | None:
    """The path of a system browser; None where Playwright's own is used. Raises NoBrowser."""
    if found := _on_path():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("· installing Chromium and a Chinese font with apt …", flush=True)
        told = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=told, check=False, capture_output=True)
        options = ["-y", "-qq", "--no-install-recommends"]
        subprocess.run(["apt-get", "install", *options, *PACKAGES], env=told, check=False, capture_output=True)
        if found := _on_path():
            return found
    print("· downloading Playwright's Chromium …", flush=True)
    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, text=True)
    if done.returncode:
        raise NoBrowser(
            "No Chromium was found and none could be installed. Install the package `chromium`, then again."
        )
    return None


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)
