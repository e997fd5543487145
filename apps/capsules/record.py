"""Pages of what became of a capsule: a certificate to print, and the signed document to keep and verify elsewhere."""

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.capsules import acts, selectors
from apps.capsules.models import Capsule, CapsuleCertificate
from apps.capsules.selectors import Act
from apps.core.http import TenantRequest
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed, read


@require_safe
def certificate(request: TenantRequest, capsule_id: UUID, certificate_id: UUID) -> HttpResponse:
    """One certificate in words."""
    capsule, kept = _found(request, capsule_id, certificate_id)
    signed = msgspec.convert(kept.document, Signed)
    document = read(signed, documents.CapsuleCertificate)
    context = {
        "capsule": capsule,
        "kept": kept,
        "document": document,
        "signed_text": signed.text,
        "signature": signed.by(document.by),
        "to": Organisation.objects.filter(pk=kept.org).first(),
        "uses": sum(one.uses for one in document.spent),
        "crumbs": [
            (_("Capsules"), reverse("capsules:list")),
            (capsule.title, reverse("capsules:detail", args=[capsule.id])),
            (_("Certificate"), ""),
        ],
    }
    return render(request, "capsules/certificate.html", context)


@require_safe
def download(request: TenantRequest, capsule_id: UUID, certificate_id: UUID) -> HttpResponse:
    """The signed document as a file: its canonical text and the signature over it."""
    _capsule, kept = _found(request, capsule_id, certificate_id)
    answer = HttpResponse(msgspec.json.encode(kept.document), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="certificate-{kept.id}.json"'
    return answer


def _found(request: TenantRequest, capsule_id: UUID, certificate_id: UUID) -> tuple[Capsule, CapsuleCertificate]:
    capsule = selectors.get_for(request.actor, capsule_id, to=Act.READ)
    return capsule, acts.certificate_of(capsule, certificate_id)
