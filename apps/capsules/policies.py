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
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.capsules import derived, selectors, services, trying
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
from apps.capsules.wording import CLAUSE_FIELDS, floors_below, policy_segments
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
from creditzone.kernel.policy.scopes import judged_where

BLANK = "blank"
SAYS: dict[str, Words] = {"zh": "中文", "en": "English"}
EXPORTS: dict[str, Callable[[Policy], Any]] = {"json": msgspec.to_builtins, "odrl": to_odrl}
EXPORT_NAMES: dict[str, tuple[Words, Words]] = {
    "json": ("JSON", gettext_lazy("as your node signs it")),
    "odrl": ("ODRL", gettext_lazy("for other data spaces")),
}
ENDINGS = {"json": "json", "odrl": "odrl.jsonld"}


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
    def permits(self) -> list[Rule]:
        """Those that the form shows."""
        return [rule for rule in self.former if rule.effect == "permit"]

    @property
    def denials(self) -> list[Rule]:
        """Those that have no fields and stay as they stand."""
        return [rule for rule in self.former if rule.effect == "deny"]

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
    if request.POST.keys() & {"add", "drop", "try", "take"}:
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
    elif subject.permits and not name:
        values = [rule_values(rule, domain=subject.dataset.domain) for rule in subject.permits]
    elif name == BLANK or not zone_templates():
        values = [{"id": "rule-1"}]
    else:
        values = []
    return initial_forms(values, domain=subject.dataset.domain)


def _count(request: TenantRequest) -> int:
    text = request.POST.get("count", "")
    return min(max(int(text), 1), MOST_RULES) if text.isdecimal() and len(text) < 4 else 1


def _changed_forms(request: TenantRequest, subject: Subject) -> list[RuleForm]:
    """The rules as they stand, with one more or the last one less where that was pressed; nothing is checked yet."""
    values = [raw_values(request.POST, f"r{at}") for at in range(1, _count(request) + 1)]
    if "drop" in request.POST:
        values = values[:-1] or values
    elif "add" in request.POST and len(values) < MOST_RULES:
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
                rules=[*(form.rule(since=since) for form in forms), *subject.denials],
            )
        except Invalid as error:
            for name, sentences in error.errors.items():
                forms[0].add_error(name if name in forms[0].fields else None, [str(one) for one in sentences])
        else:
            target = reverse("capsules:detail", args=[capsule.id])
            return HttpResponseClientRedirect(target) if request.htmx else redirect(target)
    return _page(request, subject, forms, status=422)


def _page(request: TenantRequest, subject: Subject, forms: list[RuleForm], status: int = 200) -> HttpResponse:
    templates_url = _choice(subject, "choose") if zone_templates() else ""
    context = {
        "subject": subject,
        "dataset": subject.dataset,
        "domain": domain_name(subject.dataset.domain),
        "level": level_of(subject.dataset),
        "columns": named_columns(subject.dataset),
        "rules": [(form, "" if at else templates_url) for at, form in enumerate(forms)],
        "judged": judged_where(language()),
        "count": len(forms),
        "may_add": len(forms) < MOST_RULES,
        "more_rules": [(one.id, _called(one)[0]) for one in zone_templates()],
        "says": SAYS.items(),
        "action": f"{reverse('capsules:policy-new')}?{subject.query}",
        "preview": f"{reverse('capsules:policy-preview')}?{subject.query}",
        "crumbs": _crumbs(),
        **_said(request, subject, forms),
        **_tried(request, subject, forms, asked=bool(request.POST.keys() & {"try", "take"})),
    }
    name = "capsules/_policy_form.html" if request.htmx else "capsules/policy.html"
    return render(request, name, context, status=status)


@require_POST
def preview(request: TenantRequest) -> HttpResponse:
    """What stands in the form now: its sentence in the language that is asked for, what it would change, and its
    documents."""
    subject, forms = _sent(request)
    return render(request, "capsules/_live.html", _said(request, subject, forms))


@require_POST
def trial(request: TenantRequest) -> HttpResponse:
    """A proposed job tried on the policy as it stands in the form: with its fields, or the answer alone."""
    subject, forms = _sent(request)
    context = _tried(request, subject, forms, asked=True)
    if request.htmx.target == trying.ANSWER:
        return render(request, "capsules/_trial_answer.html", context)
    status = 422 if context["proposal"].errors else 200
    return render(request, "capsules/_trial.html", context, status=status)


@require_POST
def export(request: TenantRequest, kind: str) -> HttpResponse:
    """The policy as it stands in the form, as a file. It binds nobody."""
    if kind not in EXPORTS:
        raise NotFound()
    subject, forms = _sent(request)
    policy = _policy(request, subject, forms)
    name = f"policy-{subject.dataset.id}-v{policy.version}.{ENDINGS[kind]}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return HttpResponse(_text(policy, kind), content_type="application/json", headers=headers)


def _sent(request: TenantRequest) -> tuple[Subject, list[RuleForm]]:
    """What the address names, and the rules as they were sent. Raises NotFound, Forbidden."""
    subject = _subject(request)
    if subject is None:
        raise NotFound(what=_("dataset"))
    return subject, bound_forms(request.POST, _count(request), domain=subject.dataset.domain, former=subject.former)


def _tried(request: TenantRequest, subject: Subject, forms: list[RuleForm], *, asked: bool) -> dict[str, Any]:
    """What the card of a proposed job shows."""
    context = trying.context_of(
        request.POST,
        policy=_policy(request, subject, forms),
        forms=forms,
        domain=subject.dataset.domain,
        capsule=subject.capsule,
        asked=asked,
    )
    return {
        **context,
        "action": f"{reverse('capsules:policy-new')}?{subject.query}",
        "trial_url": f"{reverse('capsules:policy-trial')}?{subject.query}",
    }


def _policy(request: TenantRequest, subject: Subject, forms: list[RuleForm]) -> Policy:
    """The policy as far as it is filled in."""
    return services.compose_policy(
        actor=request.actor, dataset=subject.dataset, version=subject.version, rules=_sketches(forms, subject)
    )


def _exported(subject: Subject, policy: Policy, kind: str) -> dict[str, Any]:
    """One export as the page shows it."""
    name, about = EXPORT_NAMES[kind]
    url = f"{reverse('capsules:policy-export', args=[kind])}?{subject.query}"
    return {"id": f"policy-{kind}", "name": name, "about": about, "url": url, "text": _text(policy, kind)}


def _text(policy: Policy, kind: str) -> str:
    return json.dumps(EXPORTS[kind](policy), ensure_ascii=False, indent=2)


def _said(request: TenantRequest, subject: Subject, forms: list[RuleForm]) -> dict[str, Any]:
    """What follows the form: sentences, documents, what changes against the head, and what last month's jobs would
    have met."""
    say = request.POST.get("say", "")
    say = say if say in SAYS else language()
    policy = _policy(request, subject, forms)
    head = selectors.head_of(subject.capsule) if subject.capsule else None
    return {
        "shown": say,
        "floors": floors_below(policy),
        "sentences": _linked(policy_segments(policy, say), forms),
        "exports": [_exported(subject, policy, kind) for kind in EXPORTS],
        "changes": changes_of(head.policy.rules, policy.rules) if head else [],
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
    return [*rules, *subject.denials]


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
    for form, segments in zip(forms, sentences, strict=False):  # what denies has a sentence and no form
        linked.append(
            [
                Clause(
                    part.text,
                    deny=part.deny or part.text == blank,
                    field="" if part.deny else f"id_{form.add_prefix(CLAUSE_FIELDS[part.clause])}",
                )
                if part.clause
                else part.text
                for part in segments
            ]
        )
    return linked + [[part.text for part in segments] for segments in sentences[len(forms) :]]
