"""Duties forbid no use; those of several rules add up, and other systems read them as ODRL duties."""

from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.odrl import to_odrl
from creditzone.kernel.policy.owed import owed
from creditzone.kernel.policy.writing import permit
from tests.kernel.policies import BANK, MODELS, NOW, PLATFORM, policy, use_of


def test_they_forbid_nothing_and_meet_in_the_stricter():
    told, soon = Duties(notify=True), Duties(delete_after_days=7)
    assert told.check(use_of()) is None
    assert told.meet(soon) == Duties(notify=True, delete_after_days=7)
    assert soon.meet(Duties(delete_after_days=30)) == soon
    assert soon.meet(told) == told.meet(soon)


def test_they_are_said_in_both_languages_and_that_there_are_none_too():
    both = Duties(notify=True, delete_after_days=7)
    said = {language: "".join(part.text for part in both.say(language, None)) for language in ("zh", "en")}  # type: ignore[arg-type]
    assert said == {
        "zh": "；每次使用告知提供方；使用方节点须在 7 天后删除结果并出具证明",
        "en": "; the provider is told of each use; the recipient's node deletes the result 7 days after it came,"
        " with a certificate",
    }
    assert "".join(part.text for part in Duties().say("zh", None)) == "；用后无附带义务"  # type: ignore[arg-type]


def rule(name: str, *more: Duties, **changes: object):
    facts = {
        "grantees": (BANK,),
        "purposes": ("credit-risk",),
        "models": MODELS[:1],
        "engines": ("cheetah",),
        "disclosures": ("grade",),
        "not_before": NOW - 1,
        "not_after": NOW + 9,
        "uses": 1,
    }
    return permit(name, **{**facts, **changes}, more=more)


def test_of_the_rules_that_permit_a_use_all_duties_are_owed_and_of_others_none():
    whole = policy(
        rule("a", Duties(delete_after_days=30)),
        rule("b", Duties(notify=True, delete_after_days=7)),
        rule("c", Duties(delete_after_days=1), grantees=(PLATFORM,)),
        rule("d"),
    )
    assert owed(whole, use_of()) == Duties(notify=True, delete_after_days=7)
    assert owed(whole, use_of(purpose="self-enquiry")) is None
    assert owed(policy(rule("d")), use_of()) is None


def test_a_window_that_closed_before_the_result_came_lifts_no_duty():
    whole = policy(rule("a", Duties(delete_after_days=30), not_before=NOW - 9, not_after=NOW - 1))
    assert owed(whole, use_of()) == Duties(delete_after_days=30)


def test_other_systems_read_them_as_duties():
    (found,) = to_odrl(policy(rule("a", Duties(notify=True, delete_after_days=7))))["permission"]
    assert found["duty"] == [
        {"action": "inform"},
        {
            "action": "delete",
            "constraint": [{"leftOperand": "delayPeriod", "operator": "eq", "rightOperand": "P7D"}],
        },
    ]
    assert "duty" not in to_odrl(policy(rule("a")))["permission"][0]
