from types import SimpleNamespace

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.utils import translation

from apps.ui.forms import Renderer
from apps.ui.pieces import Change, Lane, Stage, Thing
from apps.ui.tables import Column, table_of_rows
from creditzone.kernel.policy.constraints.base import Segment

HOSTILE = '<script>alert("x")</script>'


def drawn(source: str, language: str = "zh-hans", **context: object) -> str:
    with translation.override(language):
        return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{% badge x %}",
        "{% seal x %}",
        "{% party x 'bank' %}",
        "{% stat x x detail=x %}",
        "{% pagehead title=x sentence=x crumbs=crumbs %}{% endpagehead %}",
        "{% card title=x note=x %}{{ x }}{% endcard %}",
        "{% note %}{{ x }}{% endnote %}",
        "{% digest x %}",
        "{% empty title=x text=x act=x href='/' %}",
        "{% facts crumbs %}",
        "{% lanes lanes %}",
        "{% sentence segments linked=True %}",
        "{% stages stages estimate=x %}",
        "{% diff changes %}",
        "{% toast x %}",
        "{% confirm id='c' act=x action='/' title=x name=x impacts=names %}",
        "{% steps names current=1 %}",
        "{% shares shares %}",
        "{% ladder names x where=x %}",
    ],
)
def test_no_component_lets_a_name_become_markup(source):
    context = {
        "x": HOSTILE,
        "crumbs": [(HOSTILE, HOSTILE)],
        "names": [HOSTILE],
        "lanes": [
            Lane(party=HOSTILE, kind="bank", put_in=[Thing(HOSTILE, HOSTILE)], left=[HOSTILE], learned=[HOSTILE])
        ],
        "segments": [HOSTILE, Segment(HOSTILE, "grantee")],
        "stages": [Stage(HOSTILE, "now", HOSTILE)],
        "changes": [Change(about=HOSTILE, before=HOSTILE, after=HOSTILE)],
        "shares": [(HOSTILE, 3)],
    }
    page = drawn(source, **context)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_left_a_party_wears_the_seal_unless_it_says_it_was_released():
    lane = Lane(
        party="江城银行", kind="bank", left=["盲化代码 11,742", Thing("等级 8,214")], learned=["8,214 个评分等级"]
    )
    page = drawn("{% lanes lanes %}", lanes=[lane])
    assert '<span class="badge sealed">盲化代码 11,742</span>' in page
    assert page.count("badge sealed") == 1


def test_a_party_that_put_nothing_in_is_said_to_have_put_in_nothing():
    assert drawn("{% lanes lanes %}", lanes=[Lane(party="武汉临江精工", kind="sme")]).count("无") == 3


def test_a_missing_figure_reads_no_data():
    assert "暂无数据" in drawn("{% stat '匹配' None %}")
    assert "暂无数据" in drawn("{% facts rows %}", rows=[("启封记录", None)])
    assert "暂无数据" not in drawn("{% stat '匹配' 0 %}")


def test_a_state_has_its_own_words_and_the_tone_its_class_gives_it():
    class Job:
        TONES = {"waiting": "warn"}
        state = "waiting"

        def get_state_display(self) -> str:
            return "等待"

    assert drawn("{% state job %}", job=Job()) == '<span class="badge warn">等待</span>'
    active = SimpleNamespace(state="active", get_state_display=lambda: "生效")
    assert 'class="badge good"' in drawn("{% state job %}", job=active)


def test_a_clause_of_the_kernel_jumps_to_its_field_only_where_there_is_a_form():
    segments = [Segment("允许 "), Segment("江城银行", "grantee"), Segment("不得", "grantee", deny=True)]
    assert '<a href="#id_grantee">江城银行</a>' in drawn("{% sentence s linked=True %}", s=segments)
    assert "<b>江城银行</b>" in drawn("{% sentence s %}", s=segments)
    assert '<b class="deny">不得</b>' in drawn("{% sentence s %}", s=segments)


class Terms(forms.Form):
    default_renderer = Renderer
    group = forms.IntegerField(label="统计最小户数", min_value=10, help_text="不少于 10 户。")
    note = forms.CharField(label="说明", required=False)
    agree = forms.BooleanField(label="已核对", required=False)


def test_a_field_ties_its_error_and_help_to_its_widget():
    page = drawn("{% field form.group %}", form=Terms({"group": "3"}))
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_group_helptext id_group_error"' in page or "id_group_error" in page
    assert 'id="id_group_error"' in page
    assert "不少于 10 户。" in page


def test_an_optional_field_says_so_and_a_tick_box_stands_before_its_label():
    form = Terms({"group": "12"})
    assert "（选填）" in drawn("{% field form.note %}", form=form)
    page = drawn("{% field form.agree %}", form=form)
    assert page.index("<input") < page.index("<label")


def test_an_act_that_destroys_stays_locked_until_the_name_is_typed():
    page = drawn(
        "{% confirm id='c' act='吊销' action='/x/' title='吊销胶囊' name='登记信息' impacts=i %}", i=["3 个排队"]
    )
    assert 'data-must-equal="登记信息"' in page
    assert '<button type="submit" class="btn danger" disabled>吊销</button>' in page
    assert "3 个排队" in page


def test_an_empty_table_says_why_instead_of_showing_heads():
    table = table_of_rows([], columns=[Column("企业")], query=QueryDict())
    page = drawn("{% datatable t empty='还没有任务' hint='先签合约。' %}{% enddatatable %}", t=table)
    assert "还没有任务" in page
    assert "<table" not in page


def test_no_component_writes_an_inline_style_or_handler():
    from pathlib import Path

    from django.conf import settings

    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        source = template.read_text()
        for banned in (' style="', " onclick=", " onload=", " onchange=", " onsubmit=", "<style", "javascript:"):
            assert banned not in source, f"{template} has {banned}"
        for script in source.split("<script")[1:]:
            assert " src=" in script.split(">")[0], f"{template} has a script of its own"
