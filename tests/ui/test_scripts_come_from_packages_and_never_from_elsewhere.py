import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from apps.ui.finders import PICKED, PickedFinder, picked_path


def test_every_picked_file_is_in_its_installed_package():
    for name in PICKED:
        assert picked_path(name).stat().st_size > 10_000
        assert finders.find(name) == str(picked_path(name))


def test_collecting_finds_exactly_the_picked_files():
    assert [name for name, _storage in PickedFinder().list([])] == list(PICKED)


def test_nothing_we_serve_names_another_host():
    own = [*Path(settings.BASE_DIR, "static").rglob("*.css"), *Path(settings.BASE_DIR, "static").rglob("*.js")]
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")
    for file in [*own, *pages]:
        found = re.findall(r"(?:src|href|url)\s*[=(:]\s*[\"']?(https?://[^\s\"')]+)", file.read_text())
        assert not found, f"{file} fetches {found}"


def test_a_chart_can_not_be_sent_to_a_cloud():
    script = Path(settings.BASE_DIR, "static/js/chart.js").read_text()
    assert "showSendToCloud: false" in script
    assert 'plotlyServerURL: ""' in script
