"""The components: one typed tag and one `templates/ui/<name>.html` each. The gallery at `/ui/` shows them all.

    {% load ui %}
    {% pagehead title=job.name crumbs=crumbs sentence=sentence %}<a class="btn primary" href="…">…</a>{% endpagehead %}
    {% card title="结果" note="三方一致" href=url link="明细" %}…{% endcard %}      flush=True: no padding, for tables
    {% note "warn" %}…{% endnote %}                                              tones: "", good, warn, bad, sealed
    {% stat "匹配" 8214 detail="较上周 +3%" trend="up" href=url %}                 None reads “暂无数据”
    {% badge "在报价内" "good" %}   {% state job %}   {% seal "盲化代码 11,742" %}
    {% party organisation %}   {% party "江城银行" "bank" %}
    {% stages stages percent=62 estimate="约 4 秒" %}                            list of pieces.Stage
    {% lanes lanes %}                                                           list of pieces.Lane
    {% sentence segments linked=True %}                                         the kernel's segments, or pieces.Clause
    {% field form.purpose %}                                                    or {{ form.purpose.as_field_group }}
    {% datatable table empty="…" %}{% for row in table.rows %}<tr>…</tr>{% endfor %}{% enddatatable %}
    {% empty title="…" text="…" act="新建任务" href=url icon="inbox" %}
    {% facts rows %}                                                            list of (label, value)
    {% diff changes %}                                                          list of pieces.Change
    {% timeline events %}                                                       list of pieces.Event
    {% digest "sm3:9f2c…" %}   {% digest code whole=True %}
    {% ladder "ABCDEFGH" "B" where="您在这里" %}
    {% chart chart id="grades" %}                                               charts.bars(...), charts.lines(...)
    {% shares rows %}                                                           list of (label, count), without script
    {% confirm id="revoke" act="吊销" action=url name=capsule.title title="…" impacts=impacts %}
    {% toast "已签署" "good" %}   {% printhead "任务回执" %}   {% proof proof %}   {% steps names current=2 %}
    {% icon "landmark" %}   {% icon "lock" size=14 %}

Filters: `fen|money` (80 万元), `fen|yuan` (¥985.68), `when|moment` (relative, exact on hover), `when|exact`,
`count|thousands`, `organisation|called`, `digest|short`, `ratio|percent`, `ratio|percent:1`, `bytes|size`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import lucide
from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.ui.charts import Chart
from apps.ui.navigation import HOME, WORKSPACES, Shown, count_for, entries_for
from apps.ui.pieces import Change, Clause, Event, Lane, Proof, Stage, Thing, Words
from apps.ui.tables import Table
from creditzone.kernel.policy.constraints.base import Segment

register = template.Library()

SHANGHAI = ZoneInfo("Asia/Shanghai")
MISSING = "—"


# ---------------------------------------------------------------------------------------------- blocks around content


@register.simple_block_tag
def pagehead(
    content: str,
    title: Words,
    crumbs: Sequence[tuple[Words, str]] = (),
    sentence: Words = "",
    code: str = "",
) -> SafeString:
    """Crumbs, the page's one h1, what is true now in one sentence; the acts stand between the tags."""
    return _drawn("ui/pagehead.html", acts=content.strip(), title=title, crumbs=crumbs, sentence=sentence, code=code)


@register.simple_block_tag
def card(
    content: str,
    title: Words = "",
    note: Words = "",
    *,
    href: str = "",
    link: Words = "",
    id: str = "",
    flush: bool = False,
) -> SafeString:
    """The one card: a title, a quiet note or link at its right, any content."""
    return _drawn("ui/card.html", content=content, title=title, note=note, href=href, link=link, id=id, flush=flush)


@register.simple_block_tag
def note(content: str, tone: str = "") -> SafeString:
    """A paragraph that must not be overlooked."""
    return format_html('<div class="note {}">{}</div>', tone, mark_safe(content.strip()))  # noqa: S308


@register.simple_block_tag
def datatable(content: str, table: Table, empty: Words = "", hint: Words = "", caption: Words = "") -> SafeString:
    """Head with sort links, the rows between the tags, page size, export and next page; an empty state for no rows."""
    return _drawn("ui/datatable.html", content=content, table=table, empty=empty, hint=hint, caption=caption)


@register.simple_block_tag
def plaintable(content: str, label: Words) -> SafeString:
    """A table that is short enough for one page: head and rows between the tags, walked by keyboard as the long ones,
    scrolled inside its card. `label` names it for a screen reader."""
    return _drawn("ui/plaintable.html", content=content, label=label)


# ------------------------------------------------------------------------------------------------------ single pieces


@register.inclusion_tag("ui/stat.html")
def stat(
    label: Words, value: Any, detail: Words = "", trend: str = "", *, href: str = "", unit: Words = ""
) -> dict[str, Any]:
    """One figure with its label; `trend` is up, down or empty. None is said as “no data”, never as zero."""
    shown = thousands(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return {
        "label": label, "value": shown, "is_missing": value is None, "detail": detail, "trend": trend,
        "href": href, "unit": unit,
    }  # fmt: skip


@register.simple_tag
def badge(text: Words, tone: str = "") -> SafeString:
    """A short word in a pill; green, amber and red are for states only."""
    return format_html('<span class="badge {}">{}</span>', tone, text)


@register.simple_tag
def seal(text: Words) -> SafeString:
    """Something sealed: hatched and violet. A thing released to the reader never wears it."""
    return format_html('<span class="badge sealed">{}</span>', text)


TONES = {
    "good": {
        "active", "done", "accepted", "ready", "valid", "sealed", "signed", "verified", "current", "approved",
        "published", "online", "confirmed", "registered", "opened",
    },
    "now": {"running", "started", "computing", "offered", "leased", "admitted", "checking", "intersecting", "grading"},
    "warn": {"suspended", "expired", "expiring", "disputed", "cancelled", "stopped", "withdrawn", "stale", "frozen"},
    "bad": {"refused", "failed", "terminated", "revoked", "rejected", "offline", "destroyed", "locked"},
}  # fmt: skip


@register.simple_tag
def state(row: Any) -> SafeString:
    """The state of a Stateful row in its own words; `TONES` on its class (state to tone) wins over ours."""
    value = str(row.state)
    own = getattr(type(row), "TONES", {})
    tone = own.get(value) or next((tone for tone, values in TONES.items() if value in values), "")
    label = row.get_state_display() if hasattr(row, "get_state_display") else value
    return badge(label, tone)


@register.simple_tag
def party(organisation: Any, kind: str = "") -> SafeString:
    """A party's name behind its coloured dot: an organisation, or a name and its kind."""
    name = organisation if kind or isinstance(organisation, str) else called(organisation)
    kind = kind or getattr(organisation, "kind", "")
    return format_html('<span class="party {}">{}</span>', WORKSPACES.get(str(kind), str(kind)), name)


@register.inclusion_tag("ui/stages.html")
def stages(
    stages: Sequence[Stage], percent: int | None = None, estimate: Words = "", elapsed: Words = ""
) -> dict[str, Any]:
    """How far a run is: one box a stage, a bar, and what is left of it as an estimate."""
    if percent is None and stages:
        percent = 100 * sum(stage.state == "done" for stage in stages) // len(stages)
    return {"stages": stages, "percent": percent, "estimate": estimate, "elapsed": elapsed}


@register.inclusion_tag("ui/lanes.html")
def lanes(lanes: Sequence[Lane]) -> dict[str, Any]:
    """Who saw what: one lane a party, from signed receipts only."""
    rows = [
        {
            "lane": lane,
            "kind": WORKSPACES.get(lane.kind, lane.kind),
            "put_in": [_as_thing(item, sealed=False) for item in lane.put_in],
            "left": [_as_thing(item, sealed=True) for item in lane.left],
            "learned": [_as_thing(item, sealed=False) for item in lane.learned],
        }
        for lane in lanes
    ]
    return {"rows": rows}


@register.inclusion_tag("ui/sentence.html")
def sentence(segments: Iterable[Any], linked: bool = False) -> dict[str, Any]:
    """A policy in words. Plain text runs on; a clause is a token, and jumps to its field where it names one.

    Takes the kernel's segments (`linked` makes clause `x` jump to the field `id_x`), text, `pieces.Clause`, or pairs
    (text, kind) where kind is "", "clause" or "deny".
    """
    return {"segments": [_as_segment(segment, linked=linked) for segment in segments]}


@register.inclusion_tag("ui/field.html")
def field(field: BoundField, help: Words = "") -> dict[str, Any]:
    """A bound field: label, widget, help, and its errors under it, tied together for a screen reader."""
    return {"field": field, "extra_help": help}


@register.inclusion_tag("ui/empty.html")
def empty(title: Words, text: Words = "", act: Words = "", href: str = "", icon: str = "inbox") -> dict[str, Any]:
    """Why there is nothing, and the first act that changes it."""
    return {"title": title, "text": text, "act": act, "href": href, "icon": icon}


@register.inclusion_tag("ui/facts.html")
def facts(rows: Iterable[tuple[Words, Any]]) -> dict[str, Any]:
    """Label and value, line by line. None is said as “no data”."""
    return {"rows": list(rows)}


@register.inclusion_tag("ui/diff.html")
def diff(changes: Sequence[Change]) -> dict[str, Any]:
    """What changed, in words, and whether it loosens or tightens."""
    return {"changes": changes}


@register.inclusion_tag("ui/timeline.html")
def timeline(events: Sequence[Event]) -> dict[str, Any]:
    """What happened, in order, with the party's colour at each step."""
    return {"events": [(event, WORKSPACES.get(event.kind, event.kind)) for event in events]}


@register.inclusion_tag("ui/digest.html")
def digest(text: str, whole: bool = False) -> dict[str, Any]:
    """A digest or a code in mono, cut in the middle, copied as a whole."""
    return {"text": text, "shown": text if whole else short(text)}


@register.inclusion_tag("ui/ladder.html")
def ladder(grades: Iterable[str], grade: str = "", where: Words = "") -> dict[str, Any]:
    """The ladder of grades, best first, with the reader's rung."""
    names = list(grades)
    at = names.index(grade) if grade in names else -1
    rungs = [(name, "here" if i == at else "better" if i < at else "") for i, name in enumerate(names)]
    return {"rungs": rungs, "grade": grade if at >= 0 else "", "where": where, "of": len(names)}


@register.inclusion_tag("ui/chart.html")
def chart(chart: Chart, id: str = "") -> dict[str, Any]:
    """A figure drawn by plotly, its sentence, and the same figures as a table one click away."""
    return {"chart": chart, "id": id or f"chart-{uuid4().hex[:8]}"}


@register.inclusion_tag("ui/shares.html")
def shares(rows: Sequence[tuple[Words, int]]) -> dict[str, Any]:
    """A small distribution that needs no script: label, bar, count."""
    most = max((count for _label, count in rows), default=0) or 1
    return {"rows": rows, "most": most}


@register.inclusion_tag("ui/confirm.html", takes_context=True)
def confirm(
    context: Context,
    *,
    id: str,
    act: Words,
    action: str,
    title: Words,
    name: str = "",
    impacts: Sequence[Words] = (),
    text: Words = "",
    fields: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A destructive act: says what it will do, asks for the object's name (posted as `name`), never “are you sure”.

    It holds a form of its own, so it never stands inside another. Without `name` it states its impact and acts at
    one press. The service must compare the name again.
    """
    return {
        "id": id, "act": act, "action": action, "title": title, "name": name, "impacts": impacts, "text": text,
        "fields": fields or {}, "csrf_token": context.get("csrf_token"),
    }  # fmt: skip


@register.inclusion_tag("ui/toast.html")
def toast(message: Words, tone: str = "") -> dict[str, Any]:
    """A passing message; it is also announced."""
    return {"message": message, "tone": {"success": "good", "warning": "warn", "error": "bad"}.get(tone, tone)}


@register.inclusion_tag("ui/printhead.html", takes_context=True)
def printhead(context: Context, title: Words = "") -> dict[str, Any]:
    """What a printed page says about itself: who printed it, when, from which address."""
    request = context.get("request")
    return {
        "title": title, "now": timezone.now(), "actor": getattr(request, "actor", None),
        "address": request.build_absolute_uri() if request is not None else "",
    }  # fmt: skip


@register.inclusion_tag("ui/proof.html")
def proof(proof: Proof) -> dict[str, Any]:
    """Evidence, with what it proves and what it does not."""
    return {"proof": proof}


@register.inclusion_tag("ui/steps.html")
def steps(names: Sequence[Words], current: int = 1) -> dict[str, Any]:
    """Where the reader is in a form of several pages, counted from 1."""
    return {"steps": [(name, index < current, index == current) for index, name in enumerate(names, start=1)]}


@register.simple_tag
def icon(name: str, size: int = 16, label: Words = "") -> SafeString:
    """A lucide icon as inline SVG; decorative unless it has a label."""
    said = {"role": "img", "aria_label": str(label)} if label else {"aria_hidden": "true"}
    svg = lucide._render_icon(name, size, **{"stroke-width": "1.75", "focusable": "false", **said})
    return mark_safe(svg)  # noqa: S308 (from the pinned package's own archive)


# ------------------------------------------------------------------------------------------------------- the frame


@register.inclusion_tag("ui/navigation.html", takes_context=True)
def navigation(context: Context, kind: str = "") -> dict[str, Any]:
    """The left-hand navigation of the reader's workspace, in its groups."""
    groups: dict[str, list[Shown]] = {}
    for shown in entries_for(kind or _kind_of(context), context.get("request")):
        groups.setdefault(str(shown.entry.group), []).append(shown)
    return {"groups": groups.items()}


@register.inclusion_tag("ui/tabs.html", takes_context=True)
def tabs(context: Context, kind: str = "") -> dict[str, Any]:
    """The bottom line on a phone: the main entries, and all others one tap away."""
    shown = entries_for(kind or _kind_of(context), context.get("request"))
    return {"main": [one for one in shown if one.entry.main][:4], "all": shown, "query": context.get("query", "")}


@register.inclusion_tag("ui/openwork.html", takes_context=True)
def openwork(context: Context) -> dict[str, Any]:
    """How much waits for the reader's organisation, on every page of the portal; nothing where nothing does."""
    return {"count": count_for(HOME.url, context.get("request"))}


@register.inclusion_tag("ui/nodenav.html", takes_context=True)
def nodenav(context: Context) -> dict[str, Any]:
    """The one line of navigation on a node's pages."""
    return {"entries": entries_for("node", context.get("request"))}


@register.simple_tag(takes_context=True)
def language_address(context: Context) -> str:
    """Where a language is chosen, in whichever process this is; empty where nothing answers there."""
    request = context.get("request")
    address = "/language/"
    return address if request is not None and is_valid_path(address, getattr(request, "urlconf", None)) else ""


@register.simple_tag(takes_context=True)
def workspace_class(context: Context, kind: str = "") -> str:
    """The CSS class that carries the colour of the reader's organisation."""
    kind = kind or _kind_of(context)
    return WORKSPACES.get(kind, kind)


def _kind_of(context: Context) -> str:
    actor = getattr(context.get("request"), "actor", None)
    return str(getattr(getattr(actor, "organisation", None), "kind", "") or "")


# --------------------------------------------------------------------------------------------------------- filters


@register.filter
def money(fen: int | None) -> str:
    """Fen as a person reads them: 80 万元 or 2,300 元 in Chinese, ¥800,000 in English."""
    if fen is None:
        return MISSING
    amount = Decimal(fen) / 100
    if not (get_language() or "").startswith("zh"):
        return f"{'−' if fen < 0 else ''}¥{_trimmed(abs(amount))}"
    return f"{_trimmed(amount / 10_000)} 万元" if abs(amount) >= 10_000 else f"{_trimmed(amount)} 元"


@register.filter
def yuan(fen: int | None) -> str:
    """Fen on a bill: ¥1,724.94."""
    if fen is None:
        return MISSING
    return f"{'−' if fen < 0 else ''}¥{Decimal(abs(fen)) / 100:,.2f}"


@register.filter
def called(organisation: Any) -> str:
    """An organisation's name in the reader's language."""
    english = getattr(organisation, "name_en", "")
    return str(organisation.name) if not english or (get_language() or "").startswith("zh") else str(english)


@register.filter
def thousands(value: Any) -> str:
    """1,204,331; “—” for None."""
    if value is None or value == "":
        return MISSING
    return f"{value:,}" if isinstance(value, int | float | Decimal) else str(value)


@register.filter
def percent(ratio: Any, digits: int = 2) -> str:
    """A ratio as 4.05%, without a space; “—” for None."""
    if ratio is None or ratio == "":
        return MISSING
    try:
        exact_ratio = Decimal(str(ratio)) * 100
    except InvalidOperation:
        return MISSING
    return f"{exact_ratio.quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP)}%"


@register.filter
def short(text: str | None) -> str:
    """A digest or id with its middle cut: sm3:9f2c…41ab."""
    if not text:
        return MISSING
    head, colon, body = str(text).rpartition(":")
    return f"{head}{colon}{body[:4]}…{body[-4:]}" if len(body) > 20 else str(text)


@register.filter
def size(count: int | None) -> str:
    """Bytes in words."""
    return MISSING if count is None else filesizeformat(count)


@register.filter
def exact(when: datetime | int | None) -> str:
    """An instant in Shanghai to the second; takes an aware datetime or milliseconds UTC."""
    at = _instant(when)
    return MISSING if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


@register.filter
def moment(when: datetime | int | None) -> SafeString:
    """An instant as a person says it: relative under a day, else date and time; the exact one on hover."""
    at = _instant(when)
    if at is None:
        return SafeString(MISSING)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact(at), _said(at)
    )


def _instant(when: datetime | int | None) -> datetime | None:
    if when is None or when == "":
        return None
    if isinstance(when, int):
        when = datetime.fromtimestamp(when / 1000, tz=UTC)
    return when.astimezone(SHANGHAI)


def _said(at: datetime) -> str:
    now = timezone.now().astimezone(SHANGHAI)
    distance = abs(now - at)
    if distance >= timedelta(days=1):
        return f"{at:%m-%d %H:%M}" if at.year == now.year else f"{at:%Y-%m-%d %H:%M}"
    seconds, past = int(distance.total_seconds()), at <= now
    if seconds < 60:
        return _("just now") if past else _("in a moment")
    if seconds < 3600:
        minutes = seconds // 60
        words = (
            ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes)
            if past
            else ngettext("in %(n)s minute", "in %(n)s minutes", minutes)
        )
        return words % {"n": minutes}
    hours = seconds // 3600
    words = (
        ngettext("%(n)s hour ago", "%(n)s hours ago", hours)
        if past
        else ngettext("in %(n)s hour", "in %(n)s hours", hours)
    )
    return words % {"n": hours}


@register.filter
def widget_kind(field: BoundField) -> str:
    """How a field is laid out: `check` (one box), `group` (several to choose from) or `line`."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        return "check"
    return "group" if isinstance(widget, CheckboxSelectMultiple | RadioSelect) else "line"


# --------------------------------------------------------------------------------------------------------- workings


def _drawn(template_name: str, **context: Any) -> SafeString:
    """Draw a component around content that is already a rendered template, hence safe."""
    for key in ("content", "acts"):
        if key in context:
            context[key] = mark_safe(context[key])  # noqa: S308
    return render_to_string(template_name, context)


def _trimmed(amount: Decimal) -> str:
    """Two decimals at most, none that are zero."""
    text = f"{amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,.2f}"
    return text.rstrip("0").rstrip(".")


def _as_thing(item: Any, *, sealed: bool) -> Thing:
    return item if isinstance(item, Thing) else Thing(item, sealed=sealed)


def _as_segment(segment: Any, *, linked: bool) -> Clause | Words:
    if isinstance(segment, Segment):
        if segment.clause is None and not segment.deny:
            return segment.text
        return Clause(
            segment.text, deny=segment.deny, field=f"id_{segment.clause}" if linked and segment.clause else ""
        )
    if isinstance(segment, tuple | list):
        text, kind = segment
        return Clause(text, deny=kind == "deny") if kind else text
    return segment


@register.filter
def is_clause(segment: Any) -> bool:
    """Whether a segment of a sentence is a token."""
    return isinstance(segment, Clause)


@register.simple_tag
def joined(items: Iterable[Words], separator: str = " · ") -> SafeString:
    """Words in one line, the empty ones left out."""
    return format_html_join(separator, "{}", ((item,) for item in items if item))
