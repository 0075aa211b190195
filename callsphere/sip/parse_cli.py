"""`sip parse FILE [--json]`: reads one SIP message from a file, shows what it holds or why it is refused."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from callsphere.sip.message import Request, Response, SipParseError, header_key, lint, parse_message

EXIT_READ = 0
EXIT_REFUSED = 2

MAX_FILE_BYTES = 1024 * 1024
"""Longest file that is read, in bytes."""

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization"})
_HIDDEN = "(hidden)"


class Output(Protocol):
    """Where lines go: a text stream or Django's OutputWrapper."""

    def write(self, text: str, /) -> Any:
        """Write a text."""


def add_parse_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `sip parse`."""
    parser.add_argument("file", metavar="FILE", help="file with one SIP message, - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run_parse(options: Mapping[str, Any], stdout: Output) -> int:
    """Run the command with parsed options; the exit code is 0 for a message, 2 for none or no file."""
    try:
        data = _read(str(options["file"]))
        message = parse_message(data)
        lint(message)
    except SipParseError as error:
        report: dict[str, Any] = {"ok": False, "reason": error.reason}
    except OSError as error:
        asked = "Give a file with one SIP message, or - to read one from standard input."
        reason = f"{str(options['file'])!r} cannot be read: {error.strerror}. {asked}"
        report = {"ok": False, "reason": reason}
    else:
        report = describe(message)
    text = json.dumps(report, ensure_ascii=True) if options.get("json") else _printed(report)
    stdout.write(f"{text}\n")
    return EXIT_READ if report["ok"] else EXIT_REFUSED


def run(args: list[str]) -> int:
    """Run the command from an argument list, printing to standard output."""
    parser = ArgumentParser(prog="sip parse", description="Read one SIP message and show what it holds.")
    add_parse_arguments(parser)
    return run_parse(vars(parser.parse_args(args)), sys.stdout)


def describe(message: Request | Response) -> dict[str, Any]:
    """What a message holds, credentials hidden; the object that `--json` prints."""
    headers = [[name, _shown(name, value)] for name, value in message.headers.items()]
    report: dict[str, Any] = {"ok": True}
    if isinstance(message, Request):
        report |= {"kind": "request", "method": message.method, "uri": _readable(message.uri)}
    else:
        report |= {"kind": "response", "status": message.status, "uri": None}
    return report | {"headers": headers, "body_bytes": len(message.body)}


def _read(name: str) -> bytes:
    if name == "-":
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise SipParseError(f"The file is longer than {MAX_FILE_BYTES} bytes: no SIP message is.")
    return data


def _shown(name: str, value: str) -> str:
    return _HIDDEN if header_key(name) in _SECRET_HEADERS else _readable(value)


def _readable(text: str) -> str:
    """Text that any terminal and JSON reader takes: bytes that are no UTF-8 become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _printed(report: dict[str, Any]) -> str:
    """The report for people."""
    if not report["ok"]:
        return f"Refused: {report['reason']}"
    if report["kind"] == "request":
        first = f"Request {report['method']} to {report['uri']}"
    else:
        first = f"Response {report['status']}"
    lines = [first, *(f"  {name}: {value}" for name, value in report["headers"])]
    lines.append(f"  {report['body_bytes']} bytes of body")
    return "\n".join("".join(_visible(character) for character in line) for line in lines)


def _visible(character: str) -> str:
    # Control characters of a message must not steer the terminal it is shown in.
    return character if character.isprintable() else f"\\x{ord(character):02x}"
