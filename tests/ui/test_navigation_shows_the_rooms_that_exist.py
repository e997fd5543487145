import pytest
from django.test import RequestFactory
from django.urls import path

from apps.ui import navigation
from apps.ui.panels import panels_for, register_panel


def nothing(request):
    raise AssertionError("never called")


app_name = "rooms"
urlpatterns = [
    path("jobs/", nothing, name="list"),
    path("jobs/new/", nothing, name="new"),
    path("", nothing, name="home"),
]


@pytest.fixture
def rooms(monkeypatch):
    entries = [
        navigation.Entry(label="工作台", url="home"),
        navigation.Entry(label="任务", url="list"),
        navigation.Entry(label="新建", url="new"),
        navigation.Entry(label="没有的", url="nowhere:list"),
    ]
    monkeypatch.setitem(navigation.NAV, "bank", entries)

    def at(address: str) -> list[navigation.Shown]:
        request = RequestFactory().get(address)
        request.urlconf = __name__
        return navigation.entries_for("bank", request)

    return at


def test_an_entry_without_a_page_is_left_out(rooms):
    assert [str(one.entry.label) for one in rooms("/")] == ["工作台", "任务", "新建"]


@pytest.mark.parametrize(
    ("address", "current"), [("/", "工作台"), ("/jobs/", "任务"), ("/jobs/0196/", "任务"), ("/jobs/new/", "新建")]
)
def test_the_deepest_entry_that_holds_the_page_is_current(rooms, address, current):
    assert [str(one.entry.label) for one in rooms(address) if one.is_current] == [current]


def test_a_count_stands_beside_its_entry_and_is_registered_once(rooms, monkeypatch):
    monkeypatch.setattr(navigation, "COUNTS", {})
    navigation.register_count("list", lambda request: 2)
    assert [one.count for one in rooms("/")] == [0, 2, 0]
    with pytest.raises(ValueError, match="already"):
        navigation.register_count("list", lambda request: 3)


def test_an_unknown_kind_has_no_navigation():
    assert navigation.entries_for("stranger", None) == []


def test_two_panels_never_claim_the_same_place(monkeypatch):
    monkeypatch.setattr("apps.ui.panels.PANELS", {})
    register_panel("bank", 20, lambda request: {}, "b.html")
    register_panel("bank", 10, lambda request: {}, "a.html")
    with pytest.raises(ValueError, match="taken"):
        register_panel("bank", 10, lambda request: {}, "c.html")
    assert [panel.template for panel in panels_for("bank")] == ["a.html", "b.html"]
