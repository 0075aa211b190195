"""Leaving a check early hangs the call up and takes the binding back."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callsphere.sip.message import Request, Response
from tests.sip.answering import Carrier, over_udp
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
RUN = "import sys; from callsphere.sip.check_cli import run; sys.exit(run(sys.argv[1:]))"


def interrupt(carrier: Carrier, after: str, number: signal.Signals, *args: str) -> tuple[int, str, str]:
    """Start a check, send a signal once this method was asked; exit code, output, error output."""
    with over_udp(carrier) as peer:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", RUN, f"sip:127.0.0.1:{peer.port}", "--allow-private", "--json"),
                *("--timeout", "60", "--call", "+14155550123", *args),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: after in carrier.methods)
        time.sleep(0.1)  # more often than not the answer has been read by then
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_ringing_call_is_cancelled(number: signal.Signals) -> None:
    carrier = Carrier()
    ringing: list[Request] = []

    def ring(request: Request) -> Response:
        ringing.append(request)
        return request.respond(180, to_tag="carrier")

    carrier.answers["INVITE"] = ring
    code, out, err = interrupt(carrier, "INVITE", number)
    assert (code, out) == (130, "")
    assert err == "Interrupted. What the check had begun was ended, as far as the carrier answered.\n"
    assert carrier.asked("OPTIONS", "INVITE", "CANCEL")
    assert carrier.requests[-1].via == ringing[0].via


def test_an_answered_call_is_hung_up_and_the_binding_removed() -> None:
    carrier = Carrier()
    args = ("--register", "--username", "alice")
    code, _, _ = interrupt(carrier, "ACK", signal.SIGINT, *args)
    assert code == 130
    assert carrier.methods[:4] == ["OPTIONS", "REGISTER", "INVITE", "ACK"]
    assert carrier.methods[-2:] == ["BYE", "REGISTER"]
    assert carrier.requests[-1].headers.get("expires") == "0"
