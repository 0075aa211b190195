"""The log of calls, clicked through: who is on the line, what was said, hanging up, charts, ringing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agents.models import AgentVersion
from callsphere.calls.models import Call, CallLeg, RealtimeSession
from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.calls.conftest import Line, make_line, new_sid
from tests.calls.pages.calls import answered, make_agent, make_call, say
from tests.conftest import Person

BASE = "/t/acme-dental/calls/"
TALK = (
    "Harbor Dental, how can I help you today?",
    "Hi, this is Maria Lopez. I'd like to book a check-up next week, please.",
    "Gladly, Maria. Would Tuesday or Thursday suit you better?",
    "Thursday, if there is something in the morning.",
)


@pytest.fixture
def line(alice: Person) -> Line:
    return make_line(alice)


@pytest.fixture
def version(line: Line) -> AgentVersion:
    version = make_agent(line.person).published
    assert version is not None
    return version


@pytest.fixture
def past(line: Line, version: AgentVersion) -> Call:
    """Calls of the last days; the one that an agent took is returned."""
    alice, now = line.person, timezone.now()
    make_call(alice, at=now - timedelta(minutes=50), phone_number=line.number)
    busy = {"outcome": "failed", "sip_code": 503, "cause": "carrier_overloaded"}
    make_call(alice, at=now - timedelta(days=1), trunk=line.trunk, **busy)
    make_call(alice, at=now - timedelta(days=2), outcome="voicemail", talked_s=21)
    at = now - timedelta(hours=3)
    call = make_call(
        alice,
        at=at,
        **answered(version, at=at),
        phone_number=line.number,
        because=["Calls to +1 415-555-0101 lead to Front desk.", "Front desk answers as version 1."],
        verstat="TN-Validation-Passed-A",
        price="0.0255",
        price_unit="USD",
    )
    say(call, *TALK)
    with tenant_context(alice.tenant):
        of_call: dict[str, Any] = {"tenant": alice.tenant, "call": call}
        CallLeg.objects.create(
            **of_call,
            call_sid=new_sid("CA"),
            kind="agent",
            target="sip:proj_demo@sip.api.openai.com;transport=tls",
            state="completed",
            sip_code=200,
            started_at=at + timedelta(seconds=1),
            answered_at=call.answered_at,
            ended_at=call.ended_at,
        )
        RealtimeSession.objects.create(
            **of_call,
            version=version,
            state="over",
            openai_call_id="rtc_9c4cb2f0a1d84f6ba7b0",
            usage={"input_tokens": 1840, "output_tokens": 420},
        )
    return call


def test_from_the_log_to_a_call(visitor: Visitor, past: Call) -> None:
    page = visitor.go("/t/acme-dental/")
    visitor.follow("Calls")
    expect(page.get_by_role("row")).to_have_count(5)
    visitor.look("calls")

    page.get_by_label("Outcome").select_option("failed")
    visitor.press("Show")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Failed: the carrier is overloaded").click()
    expect(page.get_by_text("What to change").first).to_be_visible()
    visitor.look("call-failed")

    visitor.go(BASE + "?code=abc")
    expect(page.get_by_text("Write a SIP code such as 486").first).to_be_visible()
    visitor.look("calls-filter-wrong")
    visitor.go(BASE + "?outcome=busy")
    expect(page.get_by_text("No call fits")).to_be_visible()
    visitor.look("calls-no-match")

    visitor.go(BASE)
    page.get_by_role("link", name="Answered by Front desk").click()
    expect(page.get_by_text("Thursday, if there is something in the morning.").first).to_be_visible()
    visitor.look("call")


def test_a_live_call_is_followed_and_hung_up(visitor: Visitor, line: Line, version: AgentVersion) -> None:
    now = timezone.now()
    live = make_call(
        line.person,
        at=now - timedelta(seconds=40),
        state="in_progress",
        answered_at=now - timedelta(seconds=38),
        agent=version.agent,
        version=version,
        phone_number=line.number,
    )
    page = visitor.go(BASE)
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    say(live, *TALK)
    expect(page.get_by_text(TALK[-1])).to_be_visible()
    visitor.look("calls-live")
    visitor.follow("Hang up…")
    visitor.look("call-hang-up")
    visitor.press("Hang up")
    expect(page.locator("#headline")).to_contain_text("Hanging up…")
    visitor.look("call-hanging-up")
    with tenant_context(line.person.tenant):
        over = {"state": "ended", "outcome": "agent", "ended_at": timezone.now(), "end_due_at": None}
        Call.objects.filter(pk=live.pk).update(**over, hung_up_by="us", talked_s=45)
    expect(page.locator("#headline")).to_contain_text("Answered by Front desk")


def test_charts(visitor: Visitor, past: Call) -> None:
    page = visitor.go(BASE)
    visitor.follow("Charts")
    expect(page.locator(".u-over")).to_have_count(3)
    visitor.look("calls-charts")
    page.get_by_role("link", name="90 days").click()
    expect(page.locator(".u-over")).to_have_count(3)
    visitor.look("calls-charts-90")


def test_where_nobody_called_yet(
    open_browser: Callable[..., Visitor], charlie: Person, line: Line, settings: Any
) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    visitor = open_browser().sign_in(charlie)
    visitor.go(f"/t/{charlie.tenant.slug}/calls/")
    visitor.look("calls-no-number")

    visitor = open_browser().sign_in(line.person)
    page = visitor.go(BASE)
    visitor.look("calls-empty")
    visitor.follow("Ring it")
    expect(page.get_by_label("Books an appointment")).to_be_checked()
    visitor.look("calls-ring")


def test_in_the_dark_and_read_only(open_browser: Callable[..., Visitor], bob: Person, past: Call) -> None:
    visitor = open_browser(color_scheme="dark").sign_in(bob)
    visitor.go(BASE)
    visitor.look("dark-calls")
    visitor.follow("Charts")
    expect(visitor.page.locator(".u-over")).to_have_count(3)
    visitor.look("dark-calls-charts")
    visitor.go(f"{BASE}{past.pk}/")
    visitor.look("dark-call")
