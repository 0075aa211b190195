"""`sip parse`: what it prints, how it exits, what it keeps to itself."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from callsphere.sip.parse_cli import run, run_parse
from tests.sip.test_message import wire

FOLDER = Path(__file__).with_name("rfc4475")


def parsed(path: Path, **options: object) -> tuple[int, str]:
    """Exit code and output."""
    out = io.StringIO()
    code = run_parse({"file": str(path), "json": False, **options}, out)
    return code, out.getvalue()


def test_a_request_as_json(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(
        wire("OPTIONS sip:b@example.com SIP/2.0", "X-T: \udcff", "Content-Length: 2", body=b"hi")
    )
    code, out = parsed(file, json=True)
    assert code == 0
    assert json.loads(out) == {
        "ok": True,
        "kind": "request",
        "method": "OPTIONS",
        "uri": "sip:b@example.com",
        "headers": [
            ["Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport"],
            ["From", "<sip:a@example.com>;tag=1"],
            ["To", "<sip:b@example.com>"],
            ["Call-ID", "c1"],
            ["CSeq", "7 OPTIONS"],
            ["X-T", "\ufffd"],
            ["Content-Length", "2"],
        ],
        "body_bytes": 2,
    }


def test_a_response_as_json() -> None:
    code, out = parsed(FOLDER / "unreason.dat", json=True)
    report = json.loads(out)
    assert (code, report["kind"], report["status"], report["uri"], report["body_bytes"]) == (
        0,
        "response",
        200,
        None,
        154,
    )
    assert out.count("\n") == 1


@pytest.mark.parametrize("name", ["ncl", "baddate", "regbadct", "insuf", "badinv01"])
def test_a_refused_message_says_why_and_exits_with_2(name: str) -> None:
    code, out = parsed(FOLDER / f"{name}.dat", json=True)
    report = json.loads(out)
    assert (code, report["ok"]) == (2, False)
    assert report["reason"].endswith(".")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    asked = "Give a file with one SIP message, or - to read one from standard input."
    reason = f"'{tmp_path}/none' cannot be read: No such file or directory."
    assert parsed(tmp_path / "none") == (2, f"Refused: {reason} {asked}\n")
    assert parsed(tmp_path)[0] == 2
    big = tmp_path / "big"
    big.write_bytes(b"x" * 1_100_000)
    assert parsed(big) == (2, "Refused: The file is longer than 1048576 bytes: no SIP message is.\n")


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("name", ["Authorization", "PROXY-AUTHORIZATION "])
def test_credentials_are_never_printed(tmp_path: Path, name: str, as_json: bool) -> None:
    file = tmp_path / "m"
    file.write_bytes(
        wire("OPTIONS sip:b SIP/2.0", f'{name}: Digest username="u",', ' response="canary"', "X-T: shown")
    )
    code, out = parsed(file, json=as_json)
    assert code == 0
    assert "canary" not in out
    assert "shown" in out


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(wire("OPTIONS sip:b SIP/2.0", "X-T: \x1b[31mred\x07"))
    code, out = parsed(file)
    assert code == 0
    assert "\x1b" not in out
    assert "  X-T: \\x1b[31mred\\x07\n" in out


def test_the_command_runs_from_an_argument_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(FOLDER / "lwsdisp.dat")]) == 0
    assert capsys.readouterr().out.startswith("Request OPTIONS to sip:user@example.com\n")
