"""The pages of readiness checks."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callsphere.sip.causes import cause
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.checks.reports import INVITE, make_open, make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import page, text_of
from trunks.models import ReadinessCheck, Trunk

HTMX = {"HX-Request": "true", "X-Background": "1"}


def test_the_form_on_the_trunks_page_starts_a_check(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    url = page("checks", alice, trunk)
    assert f'action="{url}"' in browser.get(page("detail", alice, trunk)).content.decode()
    answer = browser.post(url, {"call": "+1 415 555-0123", "caller": "", "gateway": ""})
    with tenant_context(alice.tenant):
        check = ReadinessCheck.objects.get()
    assert (answer.status_code, answer["Location"]) == (
        302,
        page("check-detail", alice, trunk, check_id=check.pk),
    )
    assert (check.call, check.register, check.requested_kind, check.requested_by) == (
        "+14155550123",
        False,
        "user",
        "alice@example.com",
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"call": "nobody at home"}, "Write a number such as +14155550123, or an extension such as 100"),
        ({"call": "911"}, "Emergency numbers are never called by a check."),
        ({"caller": "100"}, "Give a number to call as well."),
        ({"register": "on"}, "Add the user name and password that your carrier gave you first."),
    ],
)
def test_what_must_be_corrected_is_said(
    alice: Person, trunk: Trunk, typed: dict[str, str], told: str
) -> None:
    answer = alice.client().post(page("checks", alice, trunk), typed)
    assert answer.status_code == 422
    assert told in text_of(answer.content)
    with tenant_context(alice.tenant):
        assert not ReadinessCheck.objects.exists()


def test_a_second_check_waits_for_the_first(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    browser.post(page("checks", alice, trunk), {})
    answer = browser.post(page("checks", alice, trunk), {})
    assert answer.status_code == 422
    assert "This trunk is being checked. Wait for the report." in text_of(answer.content)


def test_a_report_says_cause_fix_and_who(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    answer = alice.client().get(page("check-detail", alice, trunk, check_id=check.pk))
    text = text_of(answer.content)
    known = cause("hold_rejected")
    for words in (known.title, known.meaning, known.fix, "488 Not Acceptable Here.", "Failed"):
        assert words.replace("'", "&#x27;") in text, words
    assert "Call-ID: 7a1b-call" in text
    assert "Hold and resume" in text


def test_a_report_names_what_is_wrong_at_the_other_gateways_too(
    alice: Person, trunk: Trunk, check: ReadinessCheck
) -> None:
    with tenant_context(alice.tenant):
        report = ReadinessCheck.objects.get(pk=check.pk)
        first, others = report.runs[0], {"steps": 0, "verdict": "fail"}
        report.runs = [
            first,
            {**first, **others, "uri": "sip:203.0.113.6", "cause": "credentials_rejected"},
            {**first, **others, "uri": "sip:203.0.113.7", "cause": first["cause"]},
            {**first, "steps": 0, "uri": "sip:203.0.113.8", "verdict": "pass", "cause": ""},
        ]
        report.save(update_fields=["runs"])

    outcome = alice.client().get(page("check-detail", alice, trunk, check_id=check.pk)).context["outcome"]

    assert outcome.others == ("sip:203.0.113.6: User name or password is wrong",)


def test_a_report_draws_its_messages(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    html = alice.client().get(page("check-detail", alice, trunk, check_id=check.pk)).content.decode()
    rungs = re.findall(r'<span class="sr-only">((?:sent|received): [^<]*)</span>', html)
    assert rungs == [
        "sent: OPTIONS",
        "received: 200 OK (OPTIONS)",
        "sent: INVITE",
        "received: 200 OK (INVITE)",
    ]
    assert [line in html for line in INVITE.replace("<", "&lt;").replace(">", "&gt;").split("\r\n")] == (
        [True] * len(INVITE.split("\r\n"))
    )
    text = alice.client().get(page("check-text", alice, trunk, check_id=check.pk)).content.decode()
    printed = re.findall(r" ms  (-->|<--)  (.*?)  ", text)
    words = {"-->": "sent", "<--": "received"}
    assert [f"{words[arrow]}: {what}" for arrow, what in printed] == rungs


def test_while_a_check_runs_there_are_no_messages_yet(alice: Person, trunk: Trunk) -> None:
    check = make_open(alice, trunk)
    html = alice.client().get(page("check-detail", alice, trunk, check_id=check.pk)).content.decode()
    assert 'id="messages"' not in html


def test_a_report_is_compared_with_the_one_before(alice: Person, trunk: Trunk) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    make_report(alice, trunk, at=yesterday, refresh=("fail", "refresh_rejected", "501."))
    check = make_report(alice, trunk, hold=("fail", "hold_rejected", "488."))
    text = text_of(alice.client().get(page("check-detail", alice, trunk, check_id=check.pk)).content)
    assert "Hold worked yesterday. New: the carrier does not allow hold." in text
    assert "Keeping the call alive works now; yesterday: the carrier refuses to keep the call alive." in text


def test_a_running_check_shows_its_steps_and_asks_for_more(alice: Person, trunk: Trunk) -> None:
    check = make_open(alice, trunk)
    url = page("check-detail", alice, trunk, check_id=check.pk)
    browser = alice.client()
    html = browser.get(url).content.decode()
    assert 'hx-trigger="every 1s"' in html
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in html
    states = re.findall(r'<li class="step [^"]*" data-state="(\w+)"', html)
    assert states == ["pass"] * 6 + ["running"] + ["todo"] * 5
    part = browser.get(url, headers=HTMX)
    assert part.status_code == 200
    seen = part.content.decode().partition('name="seen" value="')[2].partition('"')[0]
    assert browser.get(url, {"seen": seen}, headers=HTMX).status_code == 204
    assert "Stop the check" in html


def test_when_a_check_has_ended_the_page_asks_no_more(
    alice: Person, trunk: Trunk, check: ReadinessCheck
) -> None:
    url = page("check-detail", alice, trunk, check_id=check.pk)
    part = alice.client().get(url, {"said": "6 steps done"}, headers=HTMX)
    assert part.status_code == 286
    html = part.content.decode()
    assert '<div hx-swap-oob="innerHTML:#announcer">The carrier does not allow hold</div>' in html
    assert "http-equiv" not in alice.client().get(url).content.decode()


def test_a_check_is_stopped(alice: Person, trunk: Trunk) -> None:
    check = make_open(alice, trunk)
    answer = alice.client().post(page("check-stop", alice, trunk, check_id=check.pk))
    assert answer.status_code == 302
    with tenant_context(alice.tenant):
        assert ReadinessCheck.objects.get().cancel_requested


def test_the_report_as_json_and_as_text(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    browser = alice.client()
    found = browser.get(page("check-json", alice, trunk, check_id=check.pk))
    assert found["Content-Disposition"] == f'attachment; filename="check-{check.pk}.json"'
    body = json.loads(found.content)
    assert list(body) == ["verdict", "cause", "target", "started_at", "duration_ms", "steps", "trace"]
    assert (body["verdict"], body["cause"], len(body["steps"])) == ("fail", "hold_rejected", 12)
    assert set(body["trace"][0]) == {"at_ms", "direction", "summary", "text"}
    text = browser.get(page("check-text", alice, trunk, check_id=check.pk)).content.decode()
    assert text.startswith("Readiness check of sip:203.0.113.5\n  pass    target")
    assert "  fail    hold               12 ms  488 Not Acceptable Here." in text
    assert "FAIL after 0.9 s" in text
    assert "      5 ms  -->  INVITE" in text


def test_the_messages_as_a_capture(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    browser = alice.client()
    url = page("check-capture", alice, trunk, check_id=check.pk)
    assert (
        f'href="{url}"' in browser.get(page("check-detail", alice, trunk, check_id=check.pk)).content.decode()
    )
    answer = browser.get(url)
    assert answer["Content-Type"] == "application/vnd.tcpdump.pcap"
    assert answer["Content-Disposition"] == f'attachment; filename="check-{check.pk}.pcap"'
    assert answer.content.count(b"SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1") == 1


def test_there_is_no_capture_while_a_check_runs(alice: Person, trunk: Trunk) -> None:
    check = make_open(alice, trunk)
    answer = alice.client().get(page("check-capture", alice, trunk, check_id=check.pk), follow=True)
    assert answer.redirect_chain == [(page("check-detail", alice, trunk, check_id=check.pk), 302)]
    assert "Wait for the end of the check." in text_of(answer.content)


def test_a_refused_address_reads_like_a_name_that_does_not_exist(alice: Person, trunk: Trunk) -> None:
    check = make_report(alice, trunk, dns=("fail", "address_refused", "x: 10.0.0.7: inside 10.0.0.0/8"))
    with tenant_context(alice.tenant):
        ReadinessCheck.objects.update(trace=[])
    for name in ("check-detail", "check-json", "check-text", "checks", "detail"):
        ids = {} if name in ("checks", "detail") else {"check_id": check.pk}
        html = alice.client().get(page(name, alice, trunk, **ids)).content.decode()
        assert "10.0.0." not in html, name
        assert "refused" not in html.lower().replace("refused calls", ""), name


def test_the_trunks_page_shows_the_last_verdict(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    text = text_of(alice.client().get(page("detail", alice, trunk)).content)
    assert "Check this line" in text
    assert "The carrier does not allow hold · alice@example.com" in text


def test_whoever_reads_starts_nothing(bob: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    browser = bob.client()
    html = browser.get(page("check-detail", bob, trunk, check_id=check.pk)).content.decode()
    assert "Check again" not in html
    assert browser.post(page("checks", bob, trunk), {}).status_code == 403


def test_a_check_of_another_trunk_is_not_found_here(
    alice: Person, trunk: Trunk, check: ReadinessCheck
) -> None:
    other = make_trunk(alice, "Other", "sip:203.0.113.9")
    assert alice.client().get(page("check-detail", alice, other, check_id=check.pk)).status_code == 404


def test_queries_are_the_same_for_one_and_three_reports(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page(name, alice, trunk)).status_code == 200
        return len(captured)

    make_report(alice, trunk)
    queries("checks")
    one = {name: queries(name) for name in ("checks", "detail")}
    make_report(alice, trunk)
    make_report(alice, trunk, hold=("fail", "hold_rejected", "488."))
    assert {name: queries(name) for name in ("checks", "detail")} == one
