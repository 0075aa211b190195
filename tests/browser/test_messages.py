"""The area Messages, clicked through: reading, hearing, dealing with it, texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callsphere.calls.models import CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.sound_keeping import keep_sound
from callsphere.local.doubles.twilio.voice.recording import sound_of
from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.calls.left import leave
from tests.calls.pages.calls import answered, make_agent, make_call
from tests.conftest import Person

BASE = "/t/acme-dental/messages/"
HEARD = "audio => audio.currentTime > 0.5 && audio.duration === 21"


@pytest.fixture
def left(alice: Person) -> None:
    """One of everything, some of it done or gone wrong."""
    version, now = make_agent(alice).published, timezone.now()
    assert version is not None
    at = now - timedelta(hours=3)
    call = make_call(alice, at=at, **answered(version, at=at))
    leave(
        call,
        CallerMessage,
        at=at,
        is_urgent=True,
        text="My crown came off at lunch. Please call me back. " * 6,
    )
    leave(call, CallerMessage, at=at, is_done=True)
    leave(call, CallbackRequest, at=at, wanted_at=now - timedelta(hours=1), note="About the invoice")
    leave(call, TextMessage, at=at)
    words = "The message could not be delivered. Check the number, or call it instead."
    leave(call, TextMessage, at=at, state="undelivered", error_code=30006, error=words)
    voicemail = make_call(alice, at=at, outcome="voicemail", talked_s=21)
    message = leave(voicemail, VoiceMessage, at=now)
    leave(
        voicemail,
        VoiceMessage,
        at=at,
        sound_state="failed",
        sound_error="Twilio does not have this recording.",
    )
    with tenant_context(alice.tenant):
        keep_sound(message, sound_of({"duration": "21", "channels": 1}))


@pytest.mark.usefixtures("left")
def test_what_callers_left_is_read_heard_and_dealt_with(visitor: Visitor) -> None:
    page = visitor.go(BASE)
    expect(page.locator(".nav-count")).to_have_text("4 open")
    visitor.look("messages")

    audio = page.locator("audio")
    audio.evaluate("audio => { audio.muted = true; audio.play(); }")
    page.wait_for_function(f"() => [...document.querySelectorAll('audio')].some({HEARD})")
    audio.evaluate("audio => { audio.currentTime = 15; }")
    page.wait_for_function("() => document.querySelector('audio').currentTime >= 15")

    page.get_by_label("Kind").select_option("Voice message")
    visitor.press("Show")
    page.get_by_role("button", name="Done").first.click()
    expect(page.get_by_text("Done. It stands below what is open.")).to_be_visible()
    expect(page.locator(".nav-count")).to_have_text("3 open")
    visitor.look("messages-done")
    visitor.press("Reopen")
    expect(page.locator(".nav-count")).to_have_text("4 open")

    page.locator(".left-table a[href*='/calls/']").first.click()
    expect(page.get_by_role("heading", name="What the caller left")).to_be_visible()
    visitor.look("call-left")

    visitor.go(BASE)
    visitor.follow("Texts")
    expect(page.get_by_text("error 30006")).to_be_visible()
    visitor.look("messages-texts")
    visitor.go(f"{BASE}?kind=callback&state=done")
    visitor.look("messages-no-match")


def test_where_nobody_left_anything_yet(visitor: Visitor) -> None:
    visitor.go(BASE)
    visitor.look("messages-empty")
    expect(visitor.page.get_by_role("button", name="Done")).to_have_count(0)
    visitor.follow("Texts")
    expect(visitor.page.get_by_text("No texts yet")).to_be_visible()
    visitor.look("messages-texts-empty")


@pytest.mark.usefixtures("left")
def test_in_the_dark_and_read_only(open_browser: Callable[..., Visitor], bob: Person) -> None:
    visitor = open_browser(color_scheme="dark").sign_in(bob)
    visitor.go(BASE)
    expect(visitor.page.get_by_role("button", name="Done")).to_have_count(0)
    visitor.look("dark-messages")
