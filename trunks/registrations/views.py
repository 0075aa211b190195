"""A trunk's registration: its state as it happens, what was tried, and the forms and buttons to change it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from trunks.enums import CredentialDirection
from trunks.models import DigestCredential, Registration
from trunks.pages.base import EditsOnly, LivePage, OneTrunkPage
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage
from trunks.queries import gateways_of, place_of, read_place
from trunks.registrations import services
from trunks.registrations.forms import NEW, NONE, RegistrationEditForm, RegistrationForm
from trunks.registrations.summaries import (
    attempt_rows,
    attempts_of,
    card_of,
    changes_before,
    registration_change_rows,
    registration_changes_of,
    registrations_of,
)

CHANGES_SHOWN = 20


class RegistrationPage(OneTrunkPage):
    """A page about a trunk's registration."""

    @cached_property
    def found(self) -> Registration | None:
        """The registration, None for a trunk that has none."""
        return registrations_of(self.tenant).filter(trunk=self.trunk).first()

    @property
    def registration(self) -> Registration:
        """The registration. Raises Http404."""
        if self.found is None:
            raise Http404("no registration here")
        return self.found


class RegistrationDetail(LivePage, RegistrationPage):
    """State, trouble, timeline and the last attempts."""

    tab = "registration"
    template_name = "trunks/registration.html"

    def page_context(self) -> dict[str, Any]:
        context = self.trunk_context()
        if self.found is None:
            return context
        place = read_place(self.request.GET.get("before", ""))
        changes = changes_before(registration_changes_of(self.trunk), place)
        rows = registration_change_rows(changes, limit=CHANGES_SHOWN + 1)
        shown = rows[:CHANGES_SHOWN]
        return {
            **context,
            "card": card_of(self.found),
            "attempts": attempt_rows(attempts_of(self.found).defer("messages")),
            "registration_changes": shown,
            "newest_url": self.request.path if place else "",
            "older_url": f"?before={place_of(shown[-1].change)}" if len(rows) > CHANGES_SHOWN else "",
        }

    def said(self, context: dict[str, Any]) -> str:
        return context["card"].told.spoken if "card" in context else ""


class AttemptDetail(RegistrationPage):
    """The messages of one attempt. Asked by htmx, it answers with them alone."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        attempt = attempts_of(self.registration).filter(pk=self.kwargs["attempt_id"]).first()
        if attempt is None:
            raise Http404("no such attempt here")
        template = "trunks/registration_attempt.html"
        part = "#messages" if request.htmx else ""
        context = {**self.trunk_context(), "row": attempt_rows([attempt])[0]}
        return render(request, f"{template}{part}", context)


class RegistrationEdit(TrunkFormPage, RegistrationPage):
    """Set up a registration, or change it."""

    template_name = "trunks/registration_form.html"
    field_names: ClassVar[dict[str, str]] = {
        "registrar": "address",
        "credential": "sign_in",
        "credential_id": "sign_in",
        "account.username": "auth_username",
        "account.secret": "secret",
        "account.realm": "realm",
    }

    def make_form(self, data: QueryDict | None = None) -> forms.Form:
        form = RegistrationForm if self.found is None else RegistrationEditForm
        return form(data, initial=self.initial(), credentials=self.credentials)

    @cached_property
    def credentials(self) -> list[DigestCredential]:
        """The user names that may be chosen."""
        rows = DigestCredential.objects.filter(trunk=self.trunk, direction=CredentialDirection.OUTBOUND)
        return list(rows.defer("secret"))

    def initial(self) -> dict[str, Any]:
        if self.found is not None:
            return RegistrationEditForm.initial_of(self.found)
        # Mostly the carrier has one host, and the user is who signs in.
        first = next(iter(self.credentials), None)
        gateway = gateways_of(self.trunk).first()
        return {
            "address": gateway.uri if gateway else "",
            "username": first.username if first else "",
            "sign_in": str(first.pk) if first else NEW,
        }

    def edited(self) -> Registration | None:
        return self.found

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "registration": self.found, "NEW": NEW, "NONE": NONE}

    def save(self, form: Any) -> str:
        who: dict[str, Any] = {"tenant": self.tenant, "actor": self.actor}
        if self.found is None:
            services.add_registration(**who, trunk=self.trunk, **form.changes())
            return "The registration is set up. The carrier's answer shows here in seconds."
        version = form.cleaned_data["version"]
        services.update_registration(
            **who, registration=self.found, expected_version=version, **form.changes()
        )
        return "The registration is saved. The carrier's answer shows here in seconds."

    def success_url(self) -> str:
        return self.trunk_url("registration")


class RegistrationDelete(DeletePage, RegistrationPage):
    """Stop registering, and forget how."""

    heading: ClassVar[str] = "Delete this registration?"
    button: ClassVar[str] = "Delete the registration"
    consequence: ClassVar[str] = (
        "The carrier is told to forget it, and sends no more calls here by it. What was tried is deleted with"
        " it; the password stays under Access. To stop for a while, pause it instead."
    )

    def subject(self) -> Registration:
        return self.registration

    def delete(self) -> str:
        services.delete_registration(
            tenant=self.tenant,
            actor=self.actor,
            registration=self.registration,
            expected_version=self.expected_version,
        )
        return "The registration is deleted."

    def back_url(self) -> str:
        return self.trunk_url("registration")

    done_url = back_url


class RegistrationAction(EditsOnly, RegistrationPage, View):
    """A button of the registration's page."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            done = self.act(self.registration)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(self.trunk_url("registration"))

    def act(self, registration: Registration) -> str:
        """Do it through its service; return a sentence that says what was done."""
        raise NotImplementedError


class RegistrationPause(RegistrationAction):
    """Take the binding away until somebody resumes."""

    def act(self, registration: Registration) -> str:
        services.pause_registration(tenant=self.tenant, actor=self.actor, registration=registration)
        return "The registration is paused. The carrier is told to forget it."


class RegistrationResume(RegistrationAction):
    """Register again."""

    def act(self, registration: Registration) -> str:
        services.resume_registration(tenant=self.tenant, actor=self.actor, registration=registration)
        return "The registration is resumed. The carrier's answer shows here in seconds."


class RegisterNow(RegistrationAction):
    """Register at once."""

    def act(self, registration: Registration) -> str:
        services.register_now(tenant=self.tenant, actor=self.actor, registration=registration)
        return "Registering now. The carrier's answer shows here in seconds."
