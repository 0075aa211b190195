"""The inbox: what callers left, and texts that agents sent; dealing with it; hearing voice messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from callsphere.calls import services
from callsphere.calls.enums import LeftKind
from callsphere.calls.inbox import EVERY_TEXT, EVERYTHING, MODELS, inbox_page, texts_page
from callsphere.calls.inbox_forms import InboxFilterForm, TextFilterForm
from callsphere.calls.keysets import Page
from callsphere.calls.left_rows import left_rows, text_rows
from callsphere.calls.models import VoiceMessage
from callsphere.calls.pages.base import CallsPage
from callsphere.calls.sound_answers import sound_part, why_not_there
from callsphere.calls.sound_keeping import CONTENT_TYPE
from callsphere.lib.errors import Refused
from tenants.access import Capability
from tenants.support import note_reading

_DONE: dict[LeftKind, Callable[..., object]] = {
    LeftKind.MESSAGE: lambda row, **who: services.handle_message(message=row, **who),
    LeftKind.CALLBACK: lambda row, **who: services.handle_callback(callback=row, **who),
    LeftKind.VOICE: lambda row, **who: services.handle_voice_message(message=row, **who),
}
_REOPENED: dict[LeftKind, Callable[..., object]] = {
    LeftKind.MESSAGE: lambda row, **who: services.reopen_message(message=row, **who),
    LeftKind.CALLBACK: lambda row, **who: services.reopen_callback(callback=row, **who),
    LeftKind.VOICE: lambda row, **who: services.reopen_voice_message(message=row, **who),
}


class MessagesPage(CallsPage):
    """A page of the area Messages."""

    form_class: ClassVar[type[forms.Form]] = InboxFilterForm

    def note_support(self) -> None:
        """Have the tenant read in its audit log that support, on a visit, saw what callers left."""
        note_reading(self.request, verb="support.messages_read", obj=self.tenant)

    def messages_url(self, name: str) -> str:
        """Return the address of a page of the area."""
        return reverse(f"inbox:{name}", kwargs={"tenant": self.tenant.slug})

    def place_in(self, path: str, chosen: QueryDict, cursor: str | None = None) -> str:
        """Return the address of a list with what is chosen of its filters, here or at a cursor."""
        query = QueryDict(mutable=True)
        names = [*self.form_class.base_fields, "cursor"]
        values = {name: chosen.get(name, "") for name in names}
        if cursor is not None:
            values["cursor"] = cursor
        query.update({name: value for name, value in values.items() if value})
        return f"{path}?{query.urlencode()}" if query else path


class _ListPage(MessagesPage):
    """One of the two lists."""

    tab: ClassVar[str]

    @cached_property
    def form(self) -> Any:
        """The filters, as they were chosen."""
        return self.form_class(self.request.GET)

    def list_context(self, page: Page[Any], *, is_narrowed: bool) -> dict[str, Any]:
        """Return what both lists need."""
        chosen, path = self.request.GET, self.request.path
        tabs = (("list", "From callers"), ("texts", "Texts"))
        return {
            "form": self.form,
            "is_narrowed": is_narrowed or bool(self.form.errors),
            "is_first": not chosen.get("cursor"),
            "tabs": [
                {"label": label, "url": self.messages_url(name), "active": name == self.tab}
                for name, label in tabs
            ],
            "here": self.place_in("", chosen),
            "newer_url": self.place_in(path, chosen, page.previous) if page.previous else "",
            "older_url": self.place_in(path, chosen, page.next) if page.next else "",
        }


class Inbox(_ListPage):
    """What callers left: what nobody has dealt with first, then the newest."""

    tab = "list"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        which = self.form.wanted()
        self.note_support()
        page = inbox_page(self.tenant, which, request.GET.get("cursor", ""))
        context = self.list_context(page, is_narrowed=which != EVERYTHING)
        return render(request, "calls/inbox.html", {**context, "rows": left_rows(page.rows)})


class Texts(_ListPage):
    """Text messages that agents sent and what became of them, and callers' replies."""

    tab, form_class = "texts", TextFilterForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        which = self.form.wanted()
        self.note_support()
        page = texts_page(self.tenant, which, request.GET.get("cursor", ""))
        context = self.list_context(page, is_narrowed=which != EVERY_TEXT)
        return render(request, "calls/texts.html", {**context, "rows": text_rows(page.rows)})


class Done(MessagesPage):
    """Says that somebody has dealt with something, or has not; leads back to where they were."""

    capability = Capability.CALLS_WRITE
    http_method_names = ["post"]
    acts: ClassVar[dict[LeftKind, Callable[..., object]]] = _DONE
    says: ClassVar[str] = "Done. It stands below what is open."

    def post(self, request: Any, *args: Any, kind: LeftKind, **kwargs: Any) -> HttpResponseBase:
        left_id = next(value for name, value in kwargs.items() if name != "tenant")
        row = MODELS[kind].objects.filter(tenant=self.tenant, pk=left_id).first()
        if row is None:
            raise Http404("nothing like this was left here")
        try:
            self.acts[kind](row, tenant=self.tenant, actor=self.actor)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, self.says)
        back = QueryDict(request.POST.get("back", "").removeprefix("?"))
        return HttpResponseRedirect(self.place_in(self.messages_url("list"), back))


class Reopen(Done):
    """Says that nobody has dealt with something after all."""

    acts, says = _REOPENED, "It is open again."


class Sound(MessagesPage):
    """How a voice message sounds, or a range of that: browsers ask for ranges while they play."""

    http_method_names = ["get", "head"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = VoiceMessage.objects.filter(tenant=self.tenant, pk=kwargs["voice_message_id"])
        message: VoiceMessage | None = rows.first()
        if message is None:
            raise Http404("no such message here")
        self.note_support()
        part = sound_part(self.tenant, message, request.method, request.headers)
        if part is None:
            return HttpResponse(why_not_there(message), status=404, content_type="text/plain; charset=utf-8")
        return HttpResponse(part.data, CONTENT_TYPE, part.status, headers=part.headers)
