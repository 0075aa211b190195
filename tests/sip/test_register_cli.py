"""`sip register` against Kamailio's registrar, over UDP, TCP and TLS."""

from __future__ import annotations

import io
import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.register_cli import add_register_arguments, run_register
from tests.peers import HERE, free_port
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio

KEYS = ["verdict", "cause", "target", "started_at", "duration_ms", "expires_granted", "attempts", "trace"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def kamailio(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    folder = tmp_path_factory.mktemp("kamailio")
    with Kamailio(folder, authority.issue(["127.0.0.1"]), template=HERE / "registrar.cfg") as kamailio:
        yield kamailio


def register(monkeypatch: pytest.MonkeyPatch, uri: str, user: str, *args: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the object printed; the password is the one that Kamailio knows for the user."""
    monkeypatch.setenv("CALLSPHERE_SIP_PASSWORD", f"secret of {user}")
    parser = ArgumentParser()
    add_register_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    argv = [uri, "--username", user, "--allow-private", "--json", "--timeout", "60", *args]
    code = run_register(vars(parser.parse_args(argv)), out, err)
    assert err.getvalue() == ""
    assert f"secret of {user}" not in out.getvalue()
    return code, json.loads(out.getvalue())


def sent(report: dict[str, Any], header: str) -> list[str]:
    """The values of a header in what we sent, repetitions apart."""
    texts = dict.fromkeys(entry["text"] for entry in report["trace"] if entry["direction"] == "sent")
    return [re.findall(rf"^{header}: (.*?)\r$", text, re.M)[0] for text in texts]


def test_a_binding_is_made_refreshed_and_removed(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sip:127.0.0.1:{kamailio.port}"
    code, report = register(monkeypatch, uri, "alice", "--expires", "600", "--refreshes", "2")
    assert (code, list(report)) == (0, KEYS)
    assert (report["verdict"], report["cause"], report["expires_granted"]) == ("pass", None, 600)
    assert {attempt["cause"] for attempt in report["attempts"]} == {None}
    assert [attempt["status"] for attempt in report["attempts"]].count(200) == 3
    numbers = [int(value.split()[0]) for value in sent(report, "CSeq")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(set(sent(report, "Call-ID"))) == 1
    contacts = sent(report, "Contact")
    assert len({contact.rpartition(";")[0] for contact in contacts}) == 1
    assert contacts[-1].endswith(";expires=0")
    assert report["trace"][-1]["summary"] == "200 OK"


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_connection_carries_it_all(
    kamailio: Kamailio, authority: Authority, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    port = kamailio.tls_port if transport == "tls" else kamailio.port
    uri = f"sip:127.0.0.1:{port};transport={transport}"
    code, report = register(monkeypatch, uri, "bob", "--ca-file", str(authority.ca_file))
    assert (code, report["expires_granted"]) == (0, 3600)
    assert [attempt["status"] for attempt in report["attempts"]] == [401, 200]


def test_a_longer_interval_is_taken(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sip:127.0.0.1:{kamailio.port}"
    code, report = register(monkeypatch, uri, "long-carol", "--expires", "300")
    assert (code, report["verdict"], report["cause"], report["expires_granted"]) == (0, "pass", None, 1800)
    told = [(attempt["status"], attempt["cause"]) for attempt in report["attempts"]]
    assert (423, "registration_too_brief") in told
    assert told[-1] == (200, None)


def test_a_binding_can_be_kept_and_found(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sip:127.0.0.1:{kamailio.port}"
    _, report = register(monkeypatch, uri, "dave", "--keep")
    kept = sent(report, "Contact")[-1].partition(";expires")[0]
    assert not sent(report, "Contact")[-1].endswith(";expires=0")
    _, report = register(monkeypatch, uri, "dave")
    listed = next(entry["text"] for entry in report["trace"] if entry["summary"] == "200 OK")
    assert kept.strip("<>") in listed
    assert listed.count("expires=") == 2
    assert sent(report, "Contact")[-1].count("sip:") == 1  # only our own is removed


def test_a_wrong_password_is_tried_once(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSPHERE_SIP_PASSWORD", "not this one")
    parser = ArgumentParser()
    add_check_arguments(parser)
    out = io.StringIO()
    argv = [f"sip:127.0.0.1:{kamailio.port}", "--username", "erin", "--register", "--allow-private", "--json"]
    code = run_check(vars(parser.parse_args(argv)), out, io.StringIO())
    report = json.loads(out.getvalue())
    assert (code, report["cause"]) == (1, "credentials_rejected")
    registers = {entry["text"] for entry in report["trace"] if entry["summary"] == "REGISTER"}
    assert len(registers) == 2


def test_a_registrar_that_is_not_there_is_one_attempt_without_status(monkeypatch: pytest.MonkeyPatch) -> None:
    code, report = register(monkeypatch, f"sip:127.0.0.1:{free_port()}", "frank")
    assert (code, report["verdict"], report["cause"]) == (1, "fail", "connect_refused")
    assert [(attempt["status"], attempt["cause"]) for attempt in report["attempts"]] == [
        (None, "connect_refused")
    ]
    assert report["expires_granted"] is None


def test_people_see_each_part(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret of grace\n")
    parser = ArgumentParser()
    add_register_arguments(parser)
    out = io.StringIO()
    argv = [f"sip:127.0.0.1:{kamailio.port}", "--username", "grace", "--password-file", str(file)]
    assert (
        run_register(vars(parser.parse_args([*argv, "--allow-private", "--trace"])), out, io.StringIO()) == 0
    )
    text = out.getvalue()
    assert "Registered for 3600 s." in text
    assert "The binding was removed." in text
    assert "PASS after" in text
    assert "<--  401 Unauthorized (REGISTER)" in text
