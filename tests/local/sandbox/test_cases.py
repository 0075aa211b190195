"""Every command of docs/sandbox.md against the carrier that it is about, over each of its transports."""

from __future__ import annotations

import io
import json
import shlex
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from callsphere.local.sandbox.carriers import CARRIERS, PASSWORD, Listener
from callsphere.local.sandbox.cases import CA_FILE, CASES, Case
from callsphere.sip.causes import CAUSES
from callsphere.sip.check import calling
from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.register_cli import add_register_arguments, run_register
from tests.local.sandbox.running import Sandbox

TOOLS: dict[str, tuple[Any, Any]] = {
    "check": (add_check_arguments, run_check),
    "register": (add_register_arguments, run_register),
}
# A private address in SDP is only odd where signalling is public; the command shows no client certificate.
NOT_SEEN = {"sdp_private_address", "tls_client_cert_rejected"}
# What a carrier does by itself after our ACK.
AFTER_ACK = {"ack_not_received", "call_dropped", "contact_unusable"}
EXIT_CODES = {"pass": 0, "warn": 0, "fail": 1}


def report_of(command: str) -> tuple[int, dict[str, Any]]:
    """Exit code and object of a command, given as the words after `sip`."""
    tool, *words = shlex.split(command)
    declare, run = TOOLS[tool]
    parser = ArgumentParser()
    declare(parser)
    out, err = io.StringIO(), io.StringIO()
    code = run(vars(parser.parse_args([*words, "--json"])), out, err)
    assert err.getvalue() == ""
    assert PASSWORD not in out.getvalue()
    return code, json.loads(out.getvalue())


def shown(sandbox: Sandbox, case: Case, listener: Listener | None) -> tuple[int, str, str | None]:
    """Exit code, verdict and cause, or the cause that is noted in a step or an attempt."""
    command = case.command(sandbox.first_port, listener).replace(CA_FILE, str(sandbox.ca_file))
    code, report = report_of(command)
    parts = report["steps"] if "steps" in report else report["attempts"]
    noted = next((each["cause"] for each in parts if each["cause"]), None)
    return code, report["verdict"], report["cause"] or noted


def watch_for_long(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a call for as long as it takes on a busy machine for what is to be seen."""
    if case.cause in AFTER_ACK:
        monkeypatch.setattr(calling, "ACK_LISTEN_S", 60.0)
        monkeypatch.setattr(calling, "ACK_DOUBT_S", 60.0)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.carrier or case.plays} {case.cause}" for case in CASES])
def test_a_command_shows_what_the_docs_say(
    sandbox: Sandbox, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSPHERE_SIP_PASSWORD", PASSWORD)
    watch_for_long(case, monkeypatch)
    transports = ["-" if listener is None else listener.transport for listener in case.listeners]
    with ThreadPoolExecutor(3) as threads:
        found = threads.map(lambda listener: shown(sandbox, case, listener), case.listeners)
        seen = dict(zip(transports, found, strict=True))
    expected = (EXIT_CODES[case.verdict], case.verdict, case.cause)
    assert seen == dict.fromkeys(transports, expected)


def test_every_carrier_has_a_command() -> None:
    # What "comes and goes" shows depends on the minute.
    assert {case.carrier for case in CASES} - {""} == {each.name for each in CARRIERS} - {"comes and goes"}


def test_every_cause_can_be_seen_but_two() -> None:
    assert {case.cause for case in CASES} - {None} == set(CAUSES) - NOT_SEEN
