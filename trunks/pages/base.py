"""What every trunk page stands on: the capability, the trunk, parts that refresh themselves."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from tenants.access import Capability
from tenants.mixins import TenantViewMixin
from trunks.enums import Authentication
from trunks.headlines import Headline
from trunks.models import AllowedNetwork, DigestCredential, Gateway, Trunk
from trunks.queries import gap_of, gateways_of, headline_of, trunks_of
from trunks.wording import provider_words

STOP_POLLING = 286
"""htmx swaps such an answer in, and asks no more."""
_TIME_TEXT = re.compile(r"(<time [^>]*>)[^<]*(</time>)")


class TrunksPage(TenantViewMixin):
    """A page about trunks: members who may read trunks see it, those who may change them send its form."""

    capability: ClassVar[Capability | None] = Capability.TRUNKS_READ
    write_capability: ClassVar[Capability | None] = Capability.TRUNKS_WRITE

    def url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this tenant's trunk pages."""
        return reverse(f"trunks:{name}", kwargs={"tenant": self.tenant.slug, **kwargs})


class EditsOnly(TrunksPage):
    """A page whose only purpose is to change something."""

    capability = Capability.TRUNKS_WRITE


class LivePage(TrunksPage):
    """A page with a part that refreshes itself: the same address, asked by htmx, answers with that part.

    When nothing but the passing of time changed since what the browser shows, the answer is 204 and the
    browser leaves the part, with focus and selection in it, alone.
    """

    template_name: ClassVar[str]
    partial: ClassVar[str] = "live"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        context = self.page_context()
        if getattr(request, "htmx", False):
            return self._part(context)
        return render(request, self.template_name, context)

    def page_context(self) -> dict[str, Any]:
        """Return what the template needs."""
        raise NotImplementedError

    def is_settled(self, context: dict[str, Any]) -> bool:
        """Whether nothing on the page will change by itself any more, so that the browser may stop asking."""
        return False

    def said(self, context: dict[str, Any]) -> str:
        """Return the words that a screen reader is told when they change; empty for none."""
        headline = context.get("headline")
        return headline.text() if isinstance(headline, Headline) else ""

    def _part(self, context: dict[str, Any]) -> HttpResponse:
        html = render_to_string(f"{self.template_name}#{self.partial}", context, self.request)
        seen = hashlib.sha256(_TIME_TEXT.sub(r"\1\2", html).encode()).hexdigest()[:16]
        if self.request.GET.get("seen") == seen:
            return HttpResponse(status=204)
        said = self.said(context)
        marks = format_html(
            '<input type="hidden" name="seen" value="{}"><input type="hidden" name="said" value="{}">',
            seen,
            said,
        )
        before = self.request.GET.get("said")
        if said and before is not None and before != said:
            marks += format_html('<div hx-swap-oob="innerHTML:#announcer">{}</div>', said)
        return HttpResponse(html + marks, status=STOP_POLLING if self.is_settled(context) else 200)


class OneTrunkPage(TrunksPage):
    """A page about one trunk of the tenant; 404 for any other."""

    tab: ClassVar[str] = ""

    @cached_property
    def trunk(self) -> Any:
        """The trunk, with what `trunks_of` works out for it."""
        trunk = trunks_of(self.tenant).filter(pk=self.kwargs["trunk_id"]).first()
        if trunk is None:
            raise Http404("no such trunk here")
        return trunk

    def trunk_url(self, name: str, **kwargs: Any) -> str:
        """Return the address of one of this trunk's pages."""
        return self.url(name, trunk_id=self.trunk.pk, **kwargs)

    def find_gateway(self, gateway_id: uuid.UUID) -> Gateway:
        """Return one of the trunk's gateways with its health. Raises Http404."""
        gateway = gateways_of(self.trunk).filter(pk=gateway_id).first()
        if gateway is None:
            raise Http404("no such gateway here")
        return gateway

    def trunk_context(self) -> dict[str, Any]:
        """Return what the header of every page of a trunk needs."""
        trunk: Trunk = self.trunk
        return {
            "trunk": trunk,
            "headline": headline_of(trunk),
            "trunks_url": self.url("list"),
            "tabs": self._tabs() if self.tab else [],
        }

    @property
    def registers(self) -> bool:
        """Whether the trunk registers, or should."""
        chosen = Authentication.REGISTRATION in self.trunk.authentication
        return chosen or self.trunk.registration_state is not None

    @property
    def has_provider(self) -> bool:
        """Whether there is a provider at which the trunk can be set up, or it is set up there."""
        return bool(settings.TWILIO_ACCOUNT_SID) or self.trunk.provision_state is not None

    def _tabs(self) -> list[dict[str, Any]]:
        gap = gap_of(self.trunk)
        access_count = (
            AllowedNetwork.objects.filter(trunk=self.trunk).count()
            + DigestCredential.objects.filter(trunk=self.trunk).count()
        )
        pages = [
            ("detail", "Overview", None),
            ("access", "Access", access_count),
            ("carrier", "Carrier", None),
            *([("registration", "Registration", None)] if self.registers else []),
            *([("provider", "At Twilio", None)] if self.has_provider else []),
            ("checks", "Checks", None),
            ("history", "History", None),
        ]
        if Capability.TRUNKS_WRITE in self.request.capabilities:
            pages += [
                ("policy", "Health checks", None),
                ("number-format", "Format", None),
                ("session-timers", "Timers", None),
                ("edit", "Settings", None),
            ]
        marks = {"provider": provider_words(self.trunk.provision_state)}
        if gap is not None:
            marks[gap.page] = "incomplete"
        return [
            {
                "label": label,
                "url": self.trunk_url(name),
                "active": name == self.tab,
                "count": count,
                "mark": marks.get(name, ""),
            }
            for name, label, count in pages
        ]
