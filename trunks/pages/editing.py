"""Pages with a form: save through a service, show what must be corrected, survive two people at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from callsphere.lib.errors import Refused, VersionConflict
from tenants.conflicts import conflict_context, next_attempt
from tenants.models import Versioned
from trunks.pages.base import EditsOnly, OneTrunkPage


class FormPage(EditsOnly):
    """A page with one form. Nothing is stored unless all of it is right.

    422 answers a form that must be corrected, 409 one whose object somebody else saved in the meantime; both
    keep what was typed.
    """

    template_name: ClassVar[str]
    form_class: ClassVar[type[forms.Form]]
    # How a service names a field, where the form calls it otherwise.
    field_names: ClassVar[Mapping[str, str]] = {"uri": "address"}

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.make_form())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.make_form(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    done = self.save(form)
            except ValidationError as error:
                self._attach(form, error)
            except VersionConflict as conflict:
                return self._show_conflict(form, conflict)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                if done:
                    messages.success(request, done)
                return HttpResponseRedirect(self.success_url())
        return self.show(form, status=422)

    def make_form(self, data: QueryDict | None = None) -> forms.Form:
        """Return the form, with what was sent if anything was."""
        return self.form_class(data, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {}

    def save(self, form: Any) -> str:
        """Store what the form holds through a service; return a sentence that says what was done."""
        raise NotImplementedError

    def success_url(self) -> str:
        """Return where to go when it is stored."""
        raise NotImplementedError

    def cancel_url(self) -> str:
        """Return where to go when it is given up."""
        return self.success_url()

    def edited(self) -> Versioned | None:
        """Return the object that the form edits; None for a form that makes one."""
        return None

    def page_context(self) -> dict[str, Any]:
        """Return what the template needs besides the form."""
        return {}

    def show(self, form: forms.Form, *, status: int = 200, **more: Any) -> HttpResponse:
        """Render the page."""
        context = {**self.page_context(), "form": form, "cancel_url": self.cancel_url(), **more}
        return render(self.request, self.template_name, context, status=status)

    def place(self, name: str, text: str) -> tuple[str, str]:
        """Return the form's field for a service's, and the error as it reads there."""
        return self.field_names.get(name, name), text

    def _attach(self, form: forms.Form, error: ValidationError) -> None:
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, texts in by_field.items():
            for text in texts:
                field, words = self.place(name, text)
                if field in form.fields and words in form.errors.get(field, ()):
                    continue
                form.add_error(field if field in form.fields else None, words)

    def _show_conflict(self, form: forms.Form, conflict: VersionConflict) -> HttpResponse:
        return self.show(
            self.make_form(next_attempt(form, conflict, self.field_names)),
            status=409,
            **conflict_context(
                form,
                conflict,
                edited=self.edited(),
                reload_url=self.request.path,
                field_names=self.field_names,
            ),
        )


class TrunkFormPage(FormPage, OneTrunkPage):
    """A form about one trunk or what belongs to it."""

    def page_context(self) -> dict[str, Any]:
        return self.trunk_context()
