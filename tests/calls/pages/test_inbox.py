"""The area Messages: what callers left in words, filters, pages, dealing with it, hearing it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callsphere.calls.inbox import MODELS, MOST_COUNTED
from callsphere.calls.inbox_urls import urlpatterns
from callsphere.calls.keysets import PAGE_SIZE
from callsphere.calls.models import CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.sound_keeping import keep_sound
from tenants.context import tenant_context
from tenants.enums import Role
from tests.calls.conftest import CALLER, NUMBER
from tests.calls.left import leave
from tests.calls.pages.calls import NOON, answered, make_agent, make_call
from tests.calls.pages.calls import address as log_address
from tests.conftest import Person, make_member
from tests.trunks.web.conftest import text_of

DATA = b"RIFF\0\0\0\0WAVE" + bytes(range(88))
QUERIES = 19


def address(person: Person, name: str = "list", **ids: Any) -> str:
    return reverse(f"inbox:{name}", kwargs={"tenant": person.tenant.slug, **ids})


def page(person: Person, query: str = "", name: str = "list") -> Any:
    return person.client().get(address(person, name) + query)


def read(person: Person, query: str = "", name: str = "list") -> str:
    return text_of(page(person, query, name).content)


def heard(person: Person, **fields: Any) -> VoiceMessage:
    message: VoiceMessage = leave(make_call(person), VoiceMessage, **fields)
    with tenant_context(person.tenant):
        keep_sound(message, DATA)
    return message


def test_what_callers_left_in_words(alice: Person) -> None:
    version = make_agent(alice).published
    assert version is not None
    call = make_call(alice, **answered(version))
    leave(call, CallerMessage, is_urgent=True, text="My crown came off.\nPlease call.")
    leave(call, CallbackRequest, wanted_at=datetime(2025, 11, 28, 17, 30, tzinfo=UTC))
    leave(call, VoiceMessage, is_done=True)
    leave(call, VoiceMessage, sound_state="failed", sound_error="Twilio is away.")

    text = read(alice)

    assert "Message Urgent Jane Roe +1 212-555-0100 Open My crown came off. Please call." in text
    assert "the time to call back is over Call back Fri 28 Nov 2025, 09:30 (America/Los_Angeles)" in text
    assert "Twilio is away. 21 s long" in text
    assert "by olivia@example.com" in text
    assert "with Front desk" in text
    assert text.count("Reopen") == 1
    assert f"/calls/{call.pk}/" in page(alice).content.decode()


def test_an_empty_inbox_teaches(alice: Person) -> None:
    assert "No messages yet What callers leave stands here" in read(alice)
    assert "No texts yet Give an agent the tool" in read(alice, name="texts")


def test_filters(alice: Person) -> None:
    call = make_call(alice)
    message = leave(call, CallerMessage, at=NOON)
    voice = leave(make_call(alice, their_number="+4930901820"), VoiceMessage, at=NOON, is_done=True)
    for query, found in (
        ("", [message, voice]),
        ("?kind=voice", [voice]),
        ("?state=open", [message]),
        ("?state=done", [voice]),
        ("?number=49 30", [voice]),
        (f"?call={call.pk}", [message]),
        ("?kind=nonsense&call=nonsense&cursor=nonsense", [message, voice]),
    ):
        assert (query, [row.left for row in page(alice, query).context["rows"]]) == (query, found)
    assert "Nothing fits" in read(alice, "?kind=callback")


def test_older_and_newer_pages_keep_the_filter(alice: Person) -> None:
    call = make_call(alice)
    for number in range(PAGE_SIZE + 1):
        leave(call, CallerMessage, at=NOON + timedelta(minutes=number))
    first = page(alice, "?kind=message")
    assert (first.context["newer_url"], "kind=message" in first.context["older_url"]) == ("", True)
    second = alice.client().get(first.context["older_url"])
    assert (len(second.context["rows"]), second.context["older_url"]) == (1, "")
    back = alice.client().get(second.context["newer_url"])
    assert [row.left for row in back.context["rows"]] == [row.left for row in first.context["rows"]]


@pytest.mark.parametrize(
    ("model", "kind", "argument"),
    [
        (CallerMessage, "message", "caller_message_id"),
        (CallbackRequest, "callback", "callback_id"),
        (VoiceMessage, "voice", "voice_message_id"),
    ],
)
def test_done_and_open_again(alice: Person, model: Any, kind: str, argument: str) -> None:
    row = leave(make_call(alice), model)
    client, place = alice.client(), {argument: row.pk}
    done = client.post(address(alice, f"{kind}-done", **place), {"back": f"?kind={kind}&evil=1"}, follow=True)
    assert done.redirect_chain == [(f"{address(alice)}?kind={kind}", 302)]
    assert "Done. It stands below what is open." in text_of(done.content)
    again = client.post(address(alice, f"{kind}-done", **place), follow=True)
    assert "already." in text_of(again.content)
    opened = client.post(address(alice, f"{kind}-reopen", **place), follow=True)
    assert "It is open again." in text_of(opened.content)
    with tenant_context(alice.tenant):
        assert model.objects.get().is_open is True


def test_one_that_is_not_there(alice: Person) -> None:
    missing = address(alice, "callback-done", callback_id=make_call(alice).pk)
    assert alice.client().post(missing).status_code == 404


def test_who_may(alice: Person, charlie: Person) -> None:
    message = heard(alice)
    own = {"voice_message_id": message.pk}
    pages = [address(alice), address(alice, "texts"), address(alice, "sound", **own)]
    acts = [address(alice, f"voice-{act}", **own) for act in ("done", "reopen")]
    for role in Role:
        client = make_member(alice.tenant, f"{role}@example.com", role).client()
        looks = 403 if role == Role.BILLING else 200
        does = 302 if role in (Role.OWNER, Role.ADMIN, Role.DEVELOPER) else 403
        assert {client.get(each).status_code for each in pages} == {looks}
        assert (role, {client.post(each).status_code for each in acts}) == (role, {does})
    stranger = charlie.client()
    assert {stranger.get(each).status_code for each in pages} == {404}
    assert {stranger.post(each).status_code for each in acts} == {404}
    assert {Client().get(each).status_code for each in pages} == {302}
    assert len(urlpatterns) == 9


def test_a_viewer_sees_no_buttons(alice: Person) -> None:
    leave(make_call(alice), CallerMessage)
    viewer = make_member(alice.tenant, "vera@example.com", Role.VIEWER)
    html = viewer.client().get(address(alice)).content.decode()
    assert ("Please call me" in html, "-done" in html, "Done</button>" in html) == (True, False, False)


def test_a_voice_message_is_heard_in_ranges(alice: Person) -> None:
    message = heard(alice)
    place = address(alice, "sound", voice_message_id=message.pk)
    listing = page(alice)
    assert f'<audio controls preload="none" src="{place}"' in listing.content.decode()
    assert "media-src 'self'" in listing.headers["Content-Security-Policy"]

    client = alice.client()
    whole = client.get(place)
    part = client.get(place, headers={"Range": "bytes=0-1"})
    beyond = client.get(place, headers={"Range": "bytes=100-"})
    head = client.head(place, headers={"Range": "bytes=0-1"})  # ranges are for GET alone

    assert (whole.status_code, whole.content) == (200, DATA)
    wanted = {
        "Content-Type": "audio/wav",
        "Accept-Ranges": "bytes",
        "Content-Length": "100",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: whole.headers[name] for name in wanted} == wanted
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"RI", "bytes 0-1/100")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */100")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "100")


def test_one_that_cannot_be_heard(alice: Person) -> None:
    message = leave(make_call(alice), VoiceMessage, sound_state="forgotten")
    answer = alice.client().get(address(alice, "sound", voice_message_id=message.pk))
    assert answer.status_code == 404
    assert answer.content.decode().startswith("It was deleted")


def test_texts_and_whether_they_arrived(alice: Person) -> None:
    call = make_call(alice)
    leave(call, TextMessage, at=NOON)
    failed: dict[str, Any] = {"state": "failed", "error_code": 21610, "error": "The receiver opted out."}
    leave(call, TextMessage, at=NOON + timedelta(hours=1), **failed)
    text = read(alice, name="texts")
    assert "Failed The receiver opted out. (error 21610) We open at 8." in text
    assert "Delivered" in text
    assert len(page(alice, "?state=failed", "texts").context["rows"]) == 1
    assert "No text fits" in read(alice, "?state=unknown", "texts")


def test_what_callers_answered(alice: Person) -> None:
    ours, theirs = "+14155550101", "+12125550100"
    reply: dict[str, Any] = {"direction": "inbound", "state": "received", "word": "stop", "body": "STOP"}
    leave(make_call(alice), TextMessage, from_number=theirs, to_number=ours, **reply)
    text = read(alice, name="texts")
    assert "+1 212-555-0100 wrote to +1 415-555-0101 Received Wants no more texts STOP" in text


def test_texts_are_found_by_the_callers_number_whoever_wrote_them(alice: Person) -> None:
    reply: dict[str, Any] = {"direction": "inbound", "state": "received", "body": "At nine?"}
    call = make_call(alice)
    leave(call, TextMessage, from_number=CALLER, to_number=NUMBER, **reply)
    leave(call, TextMessage)
    for number, found in ((CALLER, 2), (NUMBER, 0), ("+49", 0)):
        assert len(page(alice, f"?number={quote(number)}", "texts").context["rows"]) == found


def test_a_calls_own_page_tells_replies_from_what_was_sent(alice: Person) -> None:
    reply: dict[str, Any] = {"direction": "inbound", "state": "received", "body": "At nine?"}
    call = make_call(alice)
    leave(call, TextMessage, at=NOON)
    leave(call, TextMessage, at=NOON + timedelta(hours=1), **reply)
    text = text_of(alice.client().get(log_address("detail", alice, call)).content)
    assert "Texts In Messages The caller wrote At nine? Delivered We open at 8." in text


def test_the_side_bar_says_how_much_is_open(alice: Person) -> None:
    label = '<span class="nav-count">'
    assert label not in page(alice).content.decode()
    call = make_call(alice)
    for model in MODELS.values():
        leave(call, model)
    leave(call, CallerMessage, is_done=True)
    html = page(alice).content.decode()
    assert f'{label}3<span class="sr-only"> open</span></span>' in html
    assert f'href="{address(alice)}" aria-current="page">' in html


def test_the_first_page_says_how_much_is_open(alice: Person) -> None:
    first = reverse("web:dashboard", kwargs={"tenant": alice.tenant.slug})
    leave(make_call(alice), CallerMessage)
    assert "1 message of a caller is open" in text_of(alice.client().get(first).content)
    call = make_call(alice)
    leave(call, VoiceMessage)
    assert "2 messages of callers are open" in text_of(alice.client().get(first).content)
    for _ in range(MOST_COUNTED):
        leave(call, CallerMessage)
    assert "99+ messages of callers are open" in text_of(alice.client().get(first).content)


@pytest.mark.parametrize("name", ["list", "texts"])
def test_as_many_queries_for_one_row_as_for_three(alice: Person, name: str) -> None:
    version = make_agent(alice).published
    assert version is not None
    client = alice.client()
    counts = []
    for number in range(3):
        call = make_call(alice, **answered(version))
        leave(call, TextMessage)
        leave(call, list(MODELS.values())[number])
        if number in (0, 2):
            client.get(address(alice, name))
            with CaptureQueriesContext(connection) as queries:
                client.get(address(alice, name))
            counts.append(len(queries))
    assert counts == [QUERIES, QUERIES] if name == "list" else [QUERIES - 2, QUERIES - 2]
