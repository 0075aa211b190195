"""Pages that ask once more before something is deleted. They are pages, so that they work without scripts."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from callsphere.lib.errors import Refused, VersionConflict
from tenants.models import Versioned
from trunks.pages.base import EditsOnly, OneTrunkPage

CHANGED_SINCE = "Somebody changed this since you opened the page. Look at it again before you delete it."


class OfOneVersion:
    """A page whose form carries the version of what it shows."""

    request: Any

    @property
    def expected_version(self) -> int | None:
        """The version that the page showed; None from whoever did not look at one."""
        text = self.request.POST.get("version", "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


class Deleting(OfOneVersion, ABC):
    """A page that deletes what it shows when asked to, and says how that went."""

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        self.subject()
        done_url, refused_url = self.done_url(), self.refused_url()  # while what they name is there
        try:
            messages.success(request, self.delete())
        except VersionConflict:
            messages.warning(request, CHANGED_SINCE)
            return HttpResponseRedirect(request.path)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(refused_url)
        return HttpResponseRedirect(done_url)

    @abstractmethod
    def subject(self) -> Versioned:
        """Return what is to be deleted. Raises Http404."""

    @abstractmethod
    def delete(self) -> str:
        """Delete it through its service; return a sentence that says so."""

    @abstractmethod
    def back_url(self) -> str:
        """Return where it is looked at."""

    @abstractmethod
    def done_url(self) -> str:
        """Return where to go when it is gone."""

    def refused_url(self) -> str:
        """Return where to go when it cannot be deleted."""
        return self.back_url()


class DeletePage(Deleting, EditsOnly, OneTrunkPage):
    """Says what will be gone of a trunk, and deletes it when asked to."""

    template_name = "trunks/confirm_delete.html"
    heading: ClassVar[str]
    button: ClassVar[str]
    consequence: ClassVar[str]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        subject = self.subject()
        context = {
            **self.trunk_context(),
            "subject": str(subject),
            "version": subject.version,
            "heading": self.heading,
            "button": self.button,
            "consequence": self.consequence,
            "back_url": self.back_url(),
        }
        return render(request, self.template_name, context)

    def refused_url(self) -> str:
        return self.done_url()
