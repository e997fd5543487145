"""allauth, told how this zone signs people in: no sign-up, secrets encrypted at rest, every sign-in in the ledger."""

import os
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.ledger.services import append_entry
from apps.tenants.models import Person
from apps.tenants.selectors import members_of
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.sm4 import Sm4Gcm

SIGNED_IN_AT = "signed_in_at"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the zone's operator; a sign-in starts the eight hours."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("Name and password do not belong together."),
        "too_many_login_attempts": _("Too many failed sign-ins: wait 15 minutes, or ask your owner."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody registers himself."""
        return False

    def login(self, request: HttpRequest, user: Person) -> None:
        """Sign in after every factor has passed, and write it down."""
        super().login(request, user)
        request.session[SIGNED_IN_AT] = int(time.time())
        _write_down("person.signed-in", user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that somebody failed as this person; an unknown name leaves nothing."""
        super().authentication_failed(request, **credentials)
        person = Person.objects.filter(username=credentials.get("username", "")).first()
        if person is not None:
            _write_down("person.sign-in-failed", person)

    def clean_password(self, password: str, user: Person | None = None) -> str:
        """A password strong enough, and another than before: who keeps the first one has not changed it."""
        cleaned: str = super().clean_password(password, user)
        if user is not None and user.check_password(cleaned):
            raise ValidationError(_("This is the password you have: choose another."))
        return cleaned

    def set_password(self, user: Person, password: str) -> None:
        """Keep a password that its owner chose; the sign-in's role writes nothing else of a person."""
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])


def _write_down(act: str, person: Person) -> None:
    """An entry that every organisation may read for which the person may act."""
    mine = [one.organisation_id for one in members_of(person)]
    append_entry(actor=None, act=act, subject_type="person", subject_id=person.pk, facts={}, organisations=mine)


class MFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery codes lie in the database under SM4-GCM, keyed from the portal's secret."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code does not fit, or it was used before: wait for the next one."),
    }

    def get_totp_issuer(self) -> str:
        """The name in the authenticator app."""
        return "CreditZone"

    def encrypt(self, text: str) -> str:
        """Seal a secret: nonce and ciphertext in hex."""
        nonce = os.urandom(12)
        return (nonce + _cipher().seal(nonce, text.encode(), b"creditzone/factor")).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret; raises AuthenticationError when it was altered or the portal's secret changed."""
        sealed = bytes.fromhex(encrypted_text)
        return bytes(_cipher().open(sealed[:12], sealed[12:], b"creditzone/factor")).decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """The second factor is not a person's to switch off."""
        return False


def _cipher() -> Sm4Gcm:
    secret = settings.SECRET_KEY.encode()
    return Sm4Gcm(hkdf_sm3(secret, salt=b"creditzone", info=b"second factors at rest", length=16))
