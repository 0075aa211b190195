"""Pages that ask once more before something is deleted. They are pages, so that they work without scripts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from callsphere.lib.errors import Refused
from trunks.views.base import EditsOnly, OneTrunkPage


class DeletePage(EditsOnly, OneTrunkPage):
    """Says what will be gone, and deletes it when asked to."""

    template_name = "trunks/confirm_delete.html"
    heading: ClassVar[str]
    button: ClassVar[str]
    consequence: ClassVar[str]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context = {
            **self.trunk_context(),
            "subject": str(self.subject()),
            "heading": self.heading,
            "button": self.button,
            "consequence": self.consequence,
            "back_url": self.back_url(),
        }
        return render(request, self.template_name, context)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        self.subject()
        done_url = self.done_url()
        try:
            messages.success(request, self.delete())
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(done_url)

    def subject(self) -> Model:
        """Return what is to be deleted. Raises Http404."""
        raise NotImplementedError

    def delete(self) -> str:
        """Delete it through its service; return a sentence that says so."""
        raise NotImplementedError

    def back_url(self) -> str:
        """Return where it is looked at."""
        raise NotImplementedError

    def done_url(self) -> str:
        """Return where to go when it is gone."""
        raise NotImplementedError
