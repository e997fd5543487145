"""The bank counts firms by grade with the centre in the running zone: counts equal plain ones, small ones are held
back, and a second set that would tell of few by subtraction is refused at the centre's node."""

from collections import Counter

import pytest

from tests.live.test_the_main_road import BALANCE, PROFIT, opened, plain_grades

pytestmark = pytest.mark.timeout(420)
K = 25


def draft(live, *, minimum_group, grouping=None, title="联合统计"):
    card = live.card(BALANCE, PROFIT)
    asked = {
        "title": title,
        "model": card["digest"],
        "purpose": "credit-risk/pre-loan",
        "disclosures": ["statistic"],
        "minimum_group": minimum_group,
        "grouping": grouping,
        "capsules": [live.notes["capsules"][domain] for domain in card["domains"]],
    }
    return live.officers["officer"].call("POST", "/jobs/", asked)


def run(live, **asked):
    drafted = draft(live, **asked)
    live.officers["officer"].sign(drafted["digest"])
    return live.wait_end(str(drafted["id"]), seconds=240)


def shown(counts, grades, k):
    """Best first, what may be shown."""
    kept = [counts.get(grade, 0) if counts.get(grade, 0) >= k else 0 for grade in grades]
    if 0 < sum(counts.values()) - sum(kept) < k and any(kept):
        smallest = min(count for count in kept if count)
        kept = [0 if count == smallest else count for count in kept]
    return [count or None for count in kept]


@pytest.fixture(scope="module")
def done(live):
    return run(live, minimum_group=K)


def test_the_counts_equal_plain_ones_on_the_demonstrations_rows(live, done):
    assert done["state"] == "done", done
    bank = live.officers["officer"]
    result = opened(live, done["id"])
    plain = plain_grades(live, BALANCE, PROFIT)
    assert result["disclosures"] == ["statistic"]
    [group] = result["groups"]
    assert group["firms"] == len(plain)
    assert group["counts"] == shown(Counter(plain.values()), result["grades"], K)
    assert "rows" not in result
    assert not any(code in str(result) for code in plain)
    page = bank.browser.get(f"{bank.node}/results/{done['id']}/").text
    assert "评分等级分布" in page
    table = bank.browser.get(f"{bank.node}/results/{done['id']}/export.csv").text
    assert str(len(plain)) in table


def test_who_saw_what_says_counts_and_no_firm(live, done):
    bank = next(lane for lane in done["lanes"] if any(one["what"] == "statistics" for one in lane["learned"]))
    told = next(one for one in bank["learned"] if one["what"] == "statistics")
    assert told["count"] == bank["matched"]
    assert not any(one["what"] in ("grades", "scores") for lane in done["lanes"] for one in lane["learned"])


def test_another_question_about_the_same_firms_is_refused_at_the_centre(live, done):
    ended = run(live, minimum_group=K, grouping="province", title="按地区统计")
    assert (ended["state"], ended["reason"]) == ("failed", "query-difference")
    centre = live.officers["steward"]
    centre.enter_node("/capsules/")
    assert "近 30 天的统计" in centre.browser.get(f"{centre.node}/capsules/").text


def test_fewer_firms_than_the_policy_demands_are_not_even_drafted(live):
    officer = live.officers["officer"]
    card = live.card(BALANCE, PROFIT)
    asked = {
        "title": "过小",
        "model": card["digest"],
        "purpose": "credit-risk/pre-loan",
        "disclosures": ["statistic"],
        "minimum_group": 9,
        "capsules": [live.notes["capsules"][domain] for domain in card["domains"]],
    }
    answer = officer.browser.post(f"{officer.portal}/jobs/new/?model={card['digest']}", asked)
    assert answer.status != 302
