"""Reports at a terminal: whose reader may go, and what they say to do there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callsphere.sip.causes import CAUSES
from callsphere.sip.check.console import Console

MANAGE = Path(__file__).parents[2] / "manage.py"
MESSAGE = Path(__file__).with_name("rfc4475") / "unreason.dat"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "sip:127.0.0.1:99999"], 1),
        (["check", "sip:127.0.0.1:99999", "--json"], 141),
        (["parse", str(MESSAGE)], 141),
    ],
)
def test_a_reader_who_has_gone_is_no_error(arguments: list[str], code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, str(MANAGE), "sip", *arguments], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, b"")


def test_at_the_shell_a_missing_password_is_an_option() -> None:
    out = io.StringIO()
    Console(out).advice("credentials_missing")
    assert "CALLSPHERE_SIP_PASSWORD" in out.getvalue()
    assert "--password-file" in out.getvalue()


def test_elsewhere_the_dictionary_speaks() -> None:
    out = io.StringIO()
    Console(out, at_shell=False).advice("credentials_missing")
    assert CAUSES["credentials_missing"].fix in out.getvalue()
