"""What these pages stand on: one form a page, questions that are asked once more, the signed-in person."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic.base import View

from callsphere.lib.errors import Refused, VersionConflict
from tenants.audit import Actor
from tenants.conflicts import conflict_context, next_attempt
from tenants.forms import attach_errors
from tenants.middleware import current_request_id
from tenants.mixins import TenantViewMixin
from tenants.models import User, Versioned


class FormPage(View):
    """A page with one form; what a service refuses is shown beside the fields, with status 422.

    When somebody else saved the same thing in the meantime, both versions are shown, with status 409.
    """

    template_name: ClassVar[str]
    form_class: ClassVar[type[forms.Form]]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.show(self.make_form())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.make_form(request.POST)
        if form.is_valid():
            try:
                return self.save(form)
            except ValidationError as error:
                attach_errors(form, error)
            except VersionConflict as conflict:
                return self._show_conflict(form, conflict)
            except Refused as refusal:
                form.add_error(None, str(refusal))
        return self.show(form, status=422)

    def make_form(self, data: Any = None) -> forms.Form:
        """Return the form, filled with what was sent."""
        return self.form_class(data)

    def save(self, form: Any) -> HttpResponseBase:
        """Do through a service what the form asks; return where to go. Raises ValidationError, Refused."""
        raise NotImplementedError

    def page_context(self) -> dict[str, Any]:
        """Return what the template needs besides the form."""
        return {}

    def edited(self) -> Versioned | None:
        """Return what the form edits, when it has a version."""
        return None

    def show(self, form: forms.Form | None, *, status: int = 200, **more: Any) -> HttpResponse:
        """Render the page."""
        context = {**self.page_context(), "form": form, **more}
        return render(self.request, self.template_name, context, status=status)

    def _show_conflict(self, form: forms.Form, conflict: VersionConflict) -> HttpResponse:
        context = conflict_context(form, conflict, edited=self.edited(), reload_url=self.request.path)
        return self.show(self.make_form(next_attempt(form, conflict)), status=409, **context)


class Question(View):
    """Asks once more before something that cannot be undone. A page, so that it works without scripts."""

    template_name = "tenants/confirm.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return render(request, self.template_name, {**self.question(), "back_url": self.back_url()})

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            messages.success(request, self.act())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(self.done_url())

    def question(self) -> dict[str, str]:
        """Return heading, text and button, and the crumb that leads back. Raises Http404."""
        raise NotImplementedError

    def act(self) -> str:
        """Do it through its service; return a sentence that says so."""
        raise NotImplementedError

    def back_url(self) -> str:
        """Return where to go without doing it."""
        raise NotImplementedError

    def done_url(self) -> str:
        """Return where to go afterwards."""
        return self.back_url()


class ConfirmPage(TenantViewMixin, Question):
    """A question about something of a tenant's."""


class PersonPage(LoginRequiredMixin, View):
    """A page of the signed-in person, outside any tenant."""

    @property
    def person(self) -> User:
        return cast(User, self.request.user)

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as the audit log names them."""
    user = cast(User, request.user)
    return Actor.user(user, ip=request.META.get("REMOTE_ADDR"), request_id=current_request_id())


def safe_next(request: HttpRequest) -> str:
    """Return where the request asks to go afterwards, or the first page when that leads elsewhere."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("tenants:home")


def shown_once(response: HttpResponse) -> HttpResponse:
    """Keep a page that holds a secret out of every cache."""
    add_never_cache_headers(response)
    return response
