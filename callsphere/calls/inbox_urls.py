"""Addresses of the area Messages, below /t/<slug>/messages/."""

from django.urls import URLPattern, path

from callsphere.calls.enums import LeftKind
from callsphere.calls.pages import inbox

app_name = "inbox"

_KINDS = {
    LeftKind.MESSAGE: "taken/<uuid:caller_message_id>/",
    LeftKind.CALLBACK: "callbacks/<uuid:callback_id>/",
    LeftKind.VOICE: "voice/<uuid:voice_message_id>/",
}

urlpatterns: list[URLPattern] = [
    path("", inbox.Inbox.as_view(), name="list"),
    path("texts/", inbox.Texts.as_view(), name="texts"),
    path("voice/<uuid:voice_message_id>/sound/", inbox.Sound.as_view(), name="sound"),
    *(
        path(f"{place}done/", inbox.Done.as_view(), {"kind": kind}, name=f"{kind}-done")
        for kind, place in _KINDS.items()
    ),
    *(
        path(f"{place}reopen/", inbox.Reopen.as_view(), {"kind": kind}, name=f"{kind}-reopen")
        for kind, place in _KINDS.items()
    ),
]
