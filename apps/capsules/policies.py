"""The policy form: rules as fields, their sentence while they are written, and the draft for the own node to sign."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.capsules import derived, selectors, services
from apps.capsules.changes import changes_of
from apps.capsules.forms import (
    MOST_RULES,
    RuleForm,
    bound_forms,
    initial_forms,
    raw_values,
    rule_values,
    template_values,
    zone_templates,
)
from apps.capsules.models import Capsule
from apps.capsules.rehearsal import rehearse
from apps.capsules.selectors import Act
from apps.capsules.wording import floors_below, policy_segments
from apps.core import clock
from apps.core.errors import Invalid, NotFound
from apps.core.http import TenantRequest
from apps.datasets import selectors as datasets
from apps.datasets.models import Dataset
from apps.datasets.wording import domain_name, language, level_of, named_columns
from apps.governance.wording import template_sentence
from apps.ui.pieces import Clause, Words
from creditzone.kernel.documents import Policy, Rule, Template
from creditzone.kernel.policy.constraints.base import Segment
from creditzone.kernel.policy.odrl import to_odrl

BLANK = "blank"
SAYS: dict[str, Words] = {"zh": "中文", "en": "English", "json": "JSON", "odrl": "ODRL"}
EXPORTS: dict[str, Callable[[Policy], Any]] = {"json": msgspec.to_builtins, "odrl": to_odrl}
FIELDS = {
    "grantee": "grantees",
    "purpose": "purposes",
    "model": "models",
    "engine": "engines",
    "disclosure": "disclosures",
    "validity": "days",
    "uses": "uses",
    "minimum-group": "minimum_group",
    "operation": "models",
    "columns": "models",
    "attestation": "engines",
    "uses-a-day": "per_day",
    "rows-a-day": "rows_per_day",
    "uses-a-firm": "per_subject",
    "max-rows": "max_rows",
    "decision-band": "decision_band",
    "daily-window": "opens",
    "derivation": "generations",
    "notify": "notify",
    "delete-after": "delete_after_days",
    "consent": "evidence",
    "place": "grantees",
    "price": "grantees",
}
"""The form field behind each value of a sentence: what a form does not ask follows from what it does."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the policy is for: a dataset, and its capsule where there is one already."""

    dataset: Dataset
    capsule: Capsule | None

    @property
    def version(self) -> int:
        """The version that is being written."""
        return self.capsule.version + 1 if self.capsule else 1

    @cached_property
    def former(self) -> Sequence[Rule]:
        """The rules of the version in force; none before the first."""
        head = selectors.head_of(self.capsule) if self.capsule else None
        return head.policy.rules if head else ()

    @property
    def query(self) -> str:
        """How an address names it."""
        return f"capsule={self.capsule.id}" if self.capsule else f"dataset={self.dataset.id}"


def _subject(request: TenantRequest) -> Subject | None:
    """The dataset or capsule that the address names; None where it names none. Raises NotFound, Forbidden."""
    selectors.require_role(request.actor, Act.DRAFT_POLICY)
    given = request.GET.get("capsule") or request.GET.get("dataset")
    if not given:
        return None
    try:
        named = UUID(given)
    except ValueError:
        raise NotFound(what=_("dataset")) from None
    if request.GET.get("capsule"):
        named = selectors.get_for(request.actor, named, to=Act.DRAFT_POLICY).dataset_id
    dataset = datasets.get_for(request.actor, named, to=datasets.Act.DRAFT_POLICY)
    return Subject(dataset=dataset, capsule=Capsule.objects.filter(pk=dataset.id).first())


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    """Write a policy for a dataset, or the next version of a capsule's; sending it drafts it for the own node."""
    subject = _subject(request)
    if subject is None:
        rows = [(one, domain_name(one.domain)) for one in datasets.owned(request.actor).order_by("-id")[:100]]
        return render(request, "capsules/choose.html", {"rows": rows, "crumbs": _crumbs()})
    if subject.dataset.lineage:
        return _derived(request, subject)
    if request.method != "POST":
        forms = _first_forms(request, subject)
        return _page(request, subject, forms) if forms else _templates(request, subject)
    if "add" in request.POST or "drop" in request.POST:
        return _page(request, subject, _changed_forms(request, subject))
    return _draft(request, subject)


def _derived(request: TenantRequest, subject: Subject) -> HttpResponse:
    """The policy that the sources of a derived dataset leave, to be sent to the own node or left."""
    if request.method == "POST":
        capsule = derived.draft_policy(actor=request.actor, dataset_id=subject.dataset.id)
        return redirect("capsules:detail", capsule_id=capsule.id)
    lineage = derived.lineage_of(subject.dataset)
    context: dict[str, Any] = {
        "dataset": subject.dataset,
        "crumbs": _crumbs(),
        "action": f"{reverse('capsules:policy-new')}?{subject.query}",
    }
    try:
        sources = derived.sources_of(lineage.parents if lineage else ())
        context["sources"] = sources
        policy = services.compose_policy(
            actor=request.actor,
            dataset=subject.dataset,
            version=subject.version,
            rules=derived.rules_of(subject.dataset, sources),
        )
        context["sentences"] = policy_segments(policy, language())
    except Invalid as error:
        context["problem"] = " ".join(str(one) for sentences in error.errors.values() for one in sentences)
    return render(request, "capsules/derived.html", context)


def _crumbs() -> list[tuple[Words, str]]:
    return [(_("Capsules"), reverse("capsules:list")), (_("Usage policy"), "")]


def _templates(request: TenantRequest, subject: Subject) -> HttpResponse:
    """The zone's templates as cards: what each is for, what it says, what is still to be chosen."""
    context = {
        "subject": subject,
        "dataset": subject.dataset,
        "cards": [(_choice(subject, one.id), *_called(one), template_sentence(one)) for one in zone_templates()],
        "blank": _choice(subject, BLANK),
        "crumbs": _crumbs(),
    }
    return render(request, "capsules/templates.html", context)


def _choice(subject: Subject, template: str) -> str:
    return f"{reverse('capsules:policy-new')}?{subject.query}&template={template}"


def _called(template: Template) -> tuple[str, str]:
    """A template's name and what it is for."""
    zh = language() == "zh"
    return (template.name, template.about) if zh else (template.name_en, template.about_en)


def _first_forms(request: TenantRequest, subject: Subject) -> list[RuleForm]:
    """The template that the address names, else the head's rules; none where a template is still to be chosen."""
    name = request.GET.get("template", "")
    template = next((one for one in zone_templates() if one.id == name), None)
    if template is not None:
        values = [template_values(template)]
    elif subject.former and not name:
        values = [rule_values(rule) for rule in subject.former]
    elif name == BLANK or not zone_templates():
        values = [{"id": "rule-1"}]
    else:
        values = []
    return initial_forms(values, domain=subject.dataset.domain)


def _count(request: TenantRequest) -> int:
    text = request.POST.get("count", "")
    return min(max(int(text), 1), MOST_RULES) if text.isdecimal() and len(text) < 4 else 1


def _changed_forms(request: TenantRequest, subject: Subject) -> list[RuleForm]:
    """The rules as they stand, with one more or the last one less; nothing is checked yet."""
    values = [raw_values(request.POST, f"r{at}") for at in range(1, _count(request) + 1)]
    if "drop" in request.POST:
        values = values[:-1] or values
    elif len(values) < MOST_RULES:
        taken = {one["id"] for one in values}
        fresh = next(name for name in (f"rule-{at}" for at in range(1, MOST_RULES + 2)) if name not in taken)
        values.append(_begun(request.POST["add"], taken) or {"id": fresh})
    return initial_forms(values, domain=subject.dataset.domain)


def _begun(name: str, taken: Collection[str]) -> dict[str, Any] | None:
    """What the template with this id fills into one more rule, under a name that is free."""
    template = next((one for one in zone_templates() if one.id == name), None)
    if template is None:
        return None
    names = (template.id, *(f"{template.id[:36]}-{at}" for at in range(2, MOST_RULES + 2)))
    return template_values(template) | {"id": next(one for one in names if one not in taken)}


def _draft(request: TenantRequest, subject: Subject) -> HttpResponse:
    forms = bound_forms(request.POST, _count(request), domain=subject.dataset.domain, former=subject.former)
    checked = [form.is_valid() for form in forms]  # every form, so that each shows its own mistakes
    if all(checked):
        since = clock.now()
        try:
            capsule = services.draft_policy(
                actor=request.actor,
                dataset_id=subject.dataset.id,
                capsule_id=subject.capsule.id if subject.capsule else None,
                rules=[form.rule(since=since) for form in forms],
            )
        except Invalid as error:
            for name, sentences in error.errors.items():
                forms[0].add_error(name if name in forms[0].fields else None, [str(one) for one in sentences])
        else:
            target = reverse("capsules:detail", args=[capsule.id])
            return HttpResponseClientRedirect(target) if request.htmx else redirect(target)
    return _page(request, subject, forms, status=422)


def _page(request: TenantRequest, subject: Subject, forms: list[RuleForm], status: int = 200) -> HttpResponse:
    context = {
        "subject": subject,
        "dataset": subject.dataset,
        "domain": domain_name(subject.dataset.domain),
        "level": level_of(subject.dataset),
        "columns": named_columns(subject.dataset),
        "forms": forms,
        "count": len(forms),
        "may_add": len(forms) < MOST_RULES,
        "more_rules": [(one.id, _called(one)[0]) for one in zone_templates()],
        "templates_url": _choice(subject, "choose"),
        "says": SAYS.items(),
        "action": f"{reverse('capsules:policy-new')}?{subject.query}",
        "preview": f"{reverse('capsules:policy-preview')}?{subject.query}",
        "crumbs": _crumbs(),
        **_said(request, subject, forms),
    }
    name = "capsules/_policy_form.html" if request.htmx else "capsules/policy.html"
    return render(request, name, context, status=status)


@require_POST
def preview(request: TenantRequest) -> HttpResponse:
    """The sentence of what stands in the form now, in the language that is asked for, or the document as JSON."""
    subject = _subject(request)
    if subject is None:
        raise NotFound(what=_("dataset"))
    forms = bound_forms(request.POST, _count(request), domain=subject.dataset.domain, former=subject.former)
    return render(request, "capsules/_sentence.html", _said(request, subject, forms))


def _said(request: TenantRequest, subject: Subject, forms: list[RuleForm]) -> dict[str, Any]:
    """What the sentence card shows: sentences or JSON, and what changes against the head."""
    say = request.POST.get("say", "")
    say = say if say in SAYS else language()
    rules = _sketches(forms, subject)
    policy = services.compose_policy(actor=request.actor, dataset=subject.dataset, version=subject.version, rules=rules)
    head = selectors.head_of(subject.capsule) if subject.capsule else None
    return {
        "shown": say,
        "floors": floors_below(policy),
        "sentences": [] if say in EXPORTS else _linked(policy_segments(policy, say), forms),
        "document": json.dumps(EXPORTS[say](policy), ensure_ascii=False, indent=2) if say in EXPORTS else "",
        "changes": changes_of(head.policy.rules, rules) if head else [],
        "old_version": head.version if head else None,
        "rehearsal": rehearse(policy, subject.capsule.id, language=language()) if subject.capsule else None,
    }


def _sketches(forms: list[RuleForm], subject: Subject) -> list[Rule]:
    """The rules as far as they are filled in, under their own names."""
    since = clock.now()
    rules = []
    for form in forms:
        values = {form.add_prefix(name): form[name].value() for name in form.fields}
        filled = RuleForm(_Answers(values), prefix=form.prefix, domain=subject.dataset.domain, former=subject.former)
        rules.append(msgspec.structs.replace(filled.sketch(since=since), id=str(form["id"].value() or "rule")[:40]))
    return rules


class _Answers(dict[str, Any]):
    """Values as a form takes them, lists as lists."""

    def getlist(self, name: str) -> list[Any]:
        """All values of one name."""
        found = self.get(name)
        return list(found) if isinstance(found, list | tuple) else [] if found is None else [found]


def _linked(sentences: list[list[Segment]], forms: list[RuleForm]) -> list[list[Any]]:
    """Sentences whose clauses jump to their fields; a word for something not chosen is marked."""
    blank = _("not chosen")
    linked = []
    for form, segments in zip(forms, sentences, strict=True):
        linked.append(
            [
                Clause(
                    part.text,
                    deny=part.deny or part.text == blank,
                    field="" if part.deny else f"id_{form.add_prefix(FIELDS[part.clause])}",
                )
                if part.clause
                else part.text
                for part in segments
            ]
        )
    return linked
