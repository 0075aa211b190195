"""Handing mails to a mail server that takes them, refuses them, breaks off, hangs, or is away."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from tenants.context import platform_context
from tenants.enums import MailState
from tenants.mail.delivery import (
    BATCH,
    CONTENT_KEPT,
    LEASE,
    ROWS_KEPT,
    claim_due,
    delay_after,
    deliver_due,
    store_failure,
    store_sent,
    sweep,
)
from tenants.mail.failures import Failure
from tenants.models import OutgoingMail
from tests.peers.certificates import Authority
from tests.tenants.mail.conftest import LINK, mails, make_due, the_mail, write
from tests.tenants.mail.smtp_server import SmtpServer, use

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def deliver(moment: datetime | None = None) -> int:
    """Send what is due, at a moment of our choice."""
    return deliver_due(lambda: moment or timezone.now())


def outcome(mail: OutgoingMail) -> tuple[str, int, str]:
    return mail.state, mail.attempts, mail.last_error


# It takes them


def test_a_mail_is_sent_as_it_was_written_and_then_erased(server: SmtpServer) -> None:
    write("dana@example.com")
    assert deliver() == 1
    (received,) = server.received
    assert (received.sender, received.recipient) == ("no-reply@callsphere.example", "dana@example.com")
    assert LINK in str(received.message.get_payload(0))
    mail = the_mail()
    assert (outcome(mail), mail.content, mail.due_at) == ((MailState.SENT, 1, ""), "", None)
    assert mail.ended_at is not None


def test_several_go_through_one_session(server: SmtpServer) -> None:
    for number in range(BATCH):
        write(f"person{number}@example.com")
    assert deliver() == BATCH
    assert (len(server.received), server.sessions) == (BATCH, 1)


def test_more_than_a_batch_is_sent_in_one_run(server: SmtpServer) -> None:
    for number in range(BATCH + 1):
        write(f"person{number}@example.com")
    assert (deliver(), len(server.received), server.sessions) == (BATCH + 1, BATCH + 1, 2)


def test_nothing_is_sent_twice(server: SmtpServer) -> None:
    write()
    assert (deliver(), deliver(), len(server.received)) == (1, 0, 1)


def test_a_server_that_asks_for_a_password_gets_it(settings: Settings, server: SmtpServer) -> None:
    use(settings, f"smtp://mailer:p%40ss@127.0.0.1:{server.port}")
    write()
    deliver()
    assert the_mail().state == MailState.SENT


def test_a_secure_connection(
    settings: Settings, server: SmtpServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = authority.issue(["127.0.0.1"])
    server.certificate = (str(pair.certificate), str(pair.key))
    use(settings, f"smtp+tls://127.0.0.1:{server.port}")
    write()
    deliver()
    assert the_mail().last_error.startswith(f"127.0.0.1:{server.port} has no certificate that we trust: ")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    make_due(timezone.now())
    deliver()
    assert outcome(the_mail()) == (MailState.SENT, 2, "")


def test_a_server_without_the_security_that_is_asked_for(settings: Settings, server: SmtpServer) -> None:
    use(settings, f"smtp+tls://mailer:hunter2-hunter2@127.0.0.1:{server.port}")
    write()
    deliver()
    text = "cannot do what EMAIL_URL asks for: STARTTLS extension not supported by server."
    assert outcome(the_mail()) == (MailState.WAITING, 1, f"127.0.0.1:{server.port} {text}")


# It refuses


def test_a_refused_address_is_given_up_and_the_others_are_sent(server: SmtpServer) -> None:
    server.answers["bad@example.com"] = "550 5.1.1 <bad@example.com>: no such user here"
    write("bad@example.com")
    write("good@example.com")
    deliver()
    bad, good = mails()
    text = "The mail server refuses this address: 550 5.1.1 […] no such user here"
    assert outcome(bad) == (MailState.FAILED, 1, text)
    assert bad.content
    assert outcome(good) == (MailState.SENT, 1, "")
    assert server.sessions == 1


def test_a_busy_mailbox_is_tried_again(server: SmtpServer) -> None:
    server.answers["content"] = "451 4.7.1 try again later"
    write()
    began = timezone.now()
    deliver(began)
    mail = the_mail()
    assert outcome(mail) == (
        MailState.WAITING,
        1,
        "The mail server refuses this mail: 451 4.7.1 try again later",
    )
    assert mail.due_at is not None
    assert timedelta(seconds=8) <= mail.due_at - began <= timedelta(seconds=12)
    assert deliver(began + timedelta(seconds=7)) == 0
    del server.answers["content"]
    assert deliver(began + timedelta(seconds=13)) == 1
    assert outcome(the_mail()) == (MailState.SENT, 2, "")


def test_what_a_server_repeats_of_a_mail_is_not_kept(
    server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    token = LINK.rpartition("key/")[2]
    server.answers["content"] = f"554 5.7.1 blocked: {LINK} {token} %3D{token[:8]} reset\x00key"
    write()
    deliver()
    told = the_mail().last_error
    assert told.startswith("The mail server refuses this mail: 554 5.7.1 blocked: […] […] […]")
    for text in (told, caplog.text):
        assert "7f3c0a9d" not in text
        assert "3-cq3x7g" not in text
        assert "\x00" not in text
    assert "mail_given_up" in caplog.text
    assert "dana@example.com" not in caplog.text


def test_a_refused_sender_is_the_operators_to_mend(server: SmtpServer) -> None:
    server.answers["MAIL"] = "550 5.7.1 not your domain"
    write()
    deliver()
    text = "The mail server refuses our address no-reply@callsphere.example: 550 5.7.1 not your domain"
    assert outcome(the_mail()) == (MailState.WAITING, 1, text)


def test_a_refused_password_is_the_operators_to_mend(settings: Settings, server: SmtpServer) -> None:
    use(settings, f"smtp://mailer:hunter2-hunter2@127.0.0.1:{server.port}")
    server.answers["AUTH"] = "535 5.7.8 wrong"
    write()
    deliver()
    text = f"127.0.0.1:{server.port} does not accept our user name and password (535)."
    assert outcome(the_mail()) == (MailState.WAITING, 1, text)


def test_a_server_that_goes_away_with_421_ends_the_session(server: SmtpServer) -> None:
    server.answers["first@example.com"] = "421 4.3.2 shutting down"
    write("first@example.com")
    write("second@example.com")
    deliver()
    first, second = mails()
    assert (first.state, first.attempts) == (MailState.WAITING, 1)
    assert outcome(second) == (MailState.WAITING, 0, "")
    assert (deliver(), len(server.received), server.sessions) == (1, 1, 2)


# It breaks off, hangs, or is away


@pytest.mark.parametrize("step", ["banner", "EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_a_server_that_breaks_off(server: SmtpServer, step: str) -> None:
    server.close_at = step
    write()
    deliver()
    text = f"127.0.0.1:{server.port} closed the connection."
    assert outcome(the_mail()) == (MailState.WAITING, 1, text)
    server.close_at = ""
    make_due(timezone.now())
    deliver()
    assert (outcome(the_mail()), len(server.received)) == ((MailState.SENT, 2, ""), 1)


@pytest.mark.parametrize("step", ["banner", "EHLO", "RCPT", "content"])
def test_a_server_that_hangs(settings: Settings, server: SmtpServer, step: str) -> None:
    use(settings, f"smtp://127.0.0.1:{server.port}", timeout_s=0.2)
    server.hang_at = step
    write()
    deliver()
    text = f"127.0.0.1:{server.port} did not answer in time."
    assert outcome(the_mail()) == (MailState.WAITING, 1, text)


def test_a_mail_at_which_the_server_breaks_off_does_not_hold_up_the_others(server: SmtpServer) -> None:
    server.close_at = "content"
    write("first@example.com")
    write("second@example.com")
    deliver()
    first, second = mails()
    assert (first.attempts, second.attempts) == (1, 0)
    server.close_at = ""
    deliver()
    assert [mail.recipient for mail in server.received] == ["second@example.com"]


def test_where_nobody_listens_we_knock_once_for_all(settings: Settings) -> None:
    use(settings, "smtp://127.0.0.1:1")
    write("first@example.com")
    write("second@example.com")
    assert deliver() == 2
    assert {outcome(mail) for mail in mails()} == {
        (MailState.WAITING, 1, "127.0.0.1:1 takes no connections.")
    }
    assert deliver() == 0


def test_a_name_that_leads_nowhere(settings: Settings) -> None:
    use(settings, "smtp://mail.invalid:25")
    write()
    deliver()
    assert the_mail().last_error == "mail.invalid:25 is a name that leads nowhere."


def test_a_mail_is_given_up_after_a_day(settings: Settings) -> None:
    use(settings, "smtp://127.0.0.1:1")
    write()
    mail = the_mail()
    began = mail.created_at
    while mail.due_at is not None:
        moment = mail.due_at
        assert moment < began + timedelta(hours=24)
        deliver(moment)
        mail = the_mail()
    assert (mail.state, mail.last_error) == (MailState.FAILED, "127.0.0.1:1 takes no connections.")
    assert mail.content
    assert 28 <= mail.attempts <= 40


def test_waiting_doubles_up_to_an_hour() -> None:
    for attempts, expected in ((1, 10), (2, 20), (5, 160), (10, 3600), (1000, 3600)):
        delays = [delay_after(attempts).total_seconds() for _time in range(50)]
        assert expected * 0.8 <= min(delays) < max(delays) <= expected * 1.2


def test_a_mail_that_cannot_be_opened_waits_and_the_others_are_sent(
    settings: Settings, server: SmtpServer
) -> None:
    write("first@example.com")
    older = settings.KEY_ENCRYPTION_KEYS
    settings.KEY_ENCRYPTION_KEYS = "k7:" + "N" * 43 + "="
    write("second@example.com")
    deliver()
    first, second = mails()
    assert outcome(first) == (MailState.WAITING, 1, "The mail cannot be opened: its key is not configured.")
    assert second.state == MailState.SENT
    settings.KEY_ENCRYPTION_KEYS = older
    make_due(timezone.now())
    deliver()
    assert mails()[0].state == MailState.SENT


# A worker dies, or is late


def test_a_lent_mail_is_nobody_elses_until_the_lease_ends(server: SmtpServer) -> None:
    write()
    now = timezone.now()
    assert len(claim_due(now, 10)) == 1  # and the worker dies
    assert deliver(now + LEASE - timedelta(seconds=1)) == 0
    assert deliver(now + LEASE) == 1
    assert outcome(the_mail()) == (MailState.SENT, 2, "")


def test_a_worker_that_comes_back_late_changes_nothing(server: SmtpServer) -> None:
    write()
    now = timezone.now()
    (late,) = claim_due(now, 10)
    (current,) = claim_due(now + LEASE, 10)
    store_failure(late, Failure("too late", is_final=True), now)
    assert outcome(the_mail()) == (MailState.WAITING, 2, "")
    store_sent(late, now)
    assert (the_mail().state, bool(the_mail().content)) == (MailState.WAITING, True)
    store_sent(current, now)
    assert the_mail().state == MailState.SENT
    store_failure(late, Failure("too late", is_final=True), now)
    assert outcome(the_mail()) == (MailState.SENT, 2, "")


def test_a_mail_that_kills_every_worker_is_given_up() -> None:
    write()
    now = timezone.now()
    claim_due(now, 10)
    assert claim_due(now + timedelta(hours=24), 10) == []
    assert outcome(the_mail()) == (MailState.FAILED, 1, "No worker lived to send it.")


def test_a_mail_that_nobody_tried_is_sent_however_late(server: SmtpServer) -> None:
    write()
    assert deliver(timezone.now() + timedelta(days=2)) == 1
    assert the_mail().state == MailState.SENT


# Afterwards


def test_what_is_kept_and_for_how_long(server: SmtpServer) -> None:
    server.answers["bad@example.com"] = "550 no"
    write("bad@example.com")
    write("good@example.com")
    write("waiting@example.com")
    server.answers["waiting@example.com"] = "450 later"
    deliver()
    ended = timezone.now()
    sweep(ended + CONTENT_KEPT - timedelta(minutes=1))
    assert [bool(mail.content) for mail in mails()] == [True, False, True]
    sweep(ended + CONTENT_KEPT + timedelta(minutes=1))
    assert [bool(mail.content) for mail in mails()] == [False, False, True]
    sweep(ended + ROWS_KEPT + timedelta(minutes=1))
    assert [mail.recipient for mail in mails()] == ["waiting@example.com"]


# Without a mail server


def test_a_file_for_each_mail_for_our_eyes_alone(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_URL = ""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    write("dana@example.com")
    write("eve@example.com")
    assert deliver() == 2
    files = sorted((tmp_path / "mail").iterdir())
    assert [path.suffix for path in files] == [".eml", ".eml"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    messages = [message_from_bytes(path.read_bytes()) for path in files]
    assert sorted(message["To"] for message in messages) == ["dana@example.com", "eve@example.com"]
    assert all(LINK in path.read_text() for path in files)
    assert {mail.state for mail in mails()} == {MailState.SENT}


def test_a_folder_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file, not a folder")
    settings.EMAIL_URL = ""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    write()
    deliver()
    assert outcome(the_mail()) == (MailState.WAITING, 1, f"Cannot write to {tmp_path}/mail: File exists")


def test_the_sweep_needs_no_tenant() -> None:
    write()
    with platform_context("make it old"):
        OutgoingMail.objects.update(
            state=MailState.FAILED, due_at=None, ended_at=timezone.now() - timedelta(days=40)
        )
    sweep(timezone.now())
    assert mails() == []
