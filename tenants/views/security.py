"""How safely a person signs in: two-step sign-in, recovery codes, password, e-mail address."""

from __future__ import annotations

import time
from base64 import b32encode
from typing import Any

import django_otp
import qrcode
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key
from qrcode.image.svg import SvgPathFillImage

from tenants.audit_lines import account_lines_of
from tenants.context import user_context
from tenants.forms import CodeForm
from tenants.models import User
from tenants.queries import account_events_of
from tenants.second_factor import count_recovery_codes, find_device
from tenants.services import add_second_factor, remove_second_factor, replace_recovery_codes
from tenants.views.base import FormPage, PersonPage, safe_next, shown_once

SHOWN_EVENTS = 20
# Where the session keeps the key that is being set up: nothing is stored until a code proves it.
_PENDING_KEY = "second_factor_key"


class Security(PersonPage):
    """What protects the account, and what to do next."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        device = find_device(self.person)
        with user_context(self.person.pk):
            events = list(account_events_of(self.person)[:SHOWN_EVENTS])
        context = {
            "device": device,
            "codes_left": count_recovery_codes(self.person) if device else 0,
            "lines": account_lines_of(events),
        }
        return render(request, "tenants/security.html", context)


def _is_old_session(request: HttpRequest) -> bool:
    """Say whether the password was given too long ago to trust that its owner still sits there."""
    if not request.user.is_authenticated:
        return False  # asked to sign in anyway
    given = [float(record["at"]) for record in get_authentication_records(request, request.user)]
    return not given or time.time() - max(given) > REAUTHENTICATION_TIMEOUT


# Who comes across an open session must not be able to lock its owner out: the password is asked again.
@method_decorator(reauthentication_required(enabled=_is_old_session), name="dispatch")
class SetUp(PersonPage, FormPage):
    """Shows a key as a picture and as text, and takes a code that proves that the app has it."""

    template_name = "tenants/second_factor_set_up.html"
    form_class = CodeForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if find_device(self.person) is not None:
            return HttpResponseRedirect(reverse("tenants:security"))
        return shown_once(self.show(self.make_form()))

    def save(self, form: CodeForm) -> HttpResponseBase:
        device, codes = add_second_factor(
            user=self.person, actor=self.actor, key=self._key(), code=form.cleaned_data["code"]
        )
        self.request.session.pop(_PENDING_KEY, None)
        django_otp.login(self.request, device)
        self.request.session.cycle_key()
        context = {"codes": codes, "next": safe_next(self.request), "is_new": True}
        return shown_once(render(self.request, "tenants/recovery_codes.html", context))

    def page_context(self) -> dict[str, Any]:
        device = _device(self.person, self._key())
        return {
            "picture": qr_code(device.config_url),
            "manual_key": manual_key(device),
            "account": self.person.email,
            "next": self.request.POST.get("next") or self.request.GET.get("next", ""),
        }

    def _key(self) -> str:
        session = self.request.session
        if _PENDING_KEY not in session:
            session[_PENDING_KEY] = default_key()
        return str(session[_PENDING_KEY])


class RecoveryCodes(PersonPage, FormPage):
    """Makes new recovery codes; the old ones end."""

    template_name = "tenants/recovery_codes_replace.html"
    form_class = CodeForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if find_device(self.person) is None:
            return HttpResponseRedirect(reverse("tenants:security"))
        return super().get(request, *args, **kwargs)

    def save(self, form: CodeForm) -> HttpResponseBase:
        codes = replace_recovery_codes(user=self.person, actor=self.actor, code=form.cleaned_data["code"])
        context = {"codes": codes, "next": reverse("tenants:security"), "is_new": False}
        return shown_once(render(self.request, "tenants/recovery_codes.html", context))


class TurnOff(PersonPage, FormPage):
    """Goes back to the password alone, with a current code."""

    template_name = "tenants/second_factor_turn_off.html"
    form_class = CodeForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if find_device(self.person) is None:
            return HttpResponseRedirect(reverse("tenants:security"))
        return super().get(request, *args, **kwargs)

    def save(self, form: CodeForm) -> HttpResponseBase:
        remove_second_factor(user=self.person, actor=self.actor, code=form.cleaned_data["code"])
        messages.success(self.request, "Two-step sign-in is off. Your password alone signs you in now.")
        return HttpResponseRedirect(reverse("tenants:security"))


def _device(user: User, key: str) -> TOTPDevice:
    """Return an authenticator that is not stored, for its address and key."""
    return TOTPDevice(user=user, key=key, name="Authenticator app")


def qr_code(text: str) -> SafeString:
    """Draw text as a QR code: one SVG without styles, black on white in either theme."""
    picture = qrcode.make(text, image_factory=SvgPathFillImage, border=2)
    # Made by the library from digits alone; nothing of the text is in it.
    return SafeString(picture.to_string(encoding="unicode"))


def manual_key(device: TOTPDevice) -> str:
    """Write the key as apps take it typed: base 32 in groups of four."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
