"""The sandbox in words: the tables of docs/sandbox.md, and what the terminal shows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from callsphere.local.sandbox.carriers import CALLING, REACHING, SIGNING_IN
from callsphere.local.sandbox.cases import CARRIERS_BY_NAME, CASES, PARTS, PASSWORD_LINE, Case

_PARTS = {"reaching": REACHING, "signing in": SIGNING_IN, "calling": CALLING}
_WIDTH = 68
_TIED = "\N{NO-BREAK SPACE}"


def tables(first_port: int) -> list[str]:
    """The tables of docs/sandbox.md, each under its heading."""
    return [f"## {part}\n\n{table(cases, first_port)}" for part, cases in PARTS.items()]


def table(cases: Sequence[Case], first_port: int) -> str:
    """A table in Markdown: what plays what, the command to try, and what it shows."""
    lines = ["| carrier | what it plays | try | you see |", "|---|---|---|---|"]
    for case in cases:
        plays = case.plays or CARRIERS_BY_NAME[case.carrier].plays
        command = case.command(first_port, case.listeners[0])
        lines.append(f"| {case.carrier or '-'} | {plays} | `sip {command}` | {seen(case)} |")
    return "\n".join(lines) + "\n"


def seen(case: Case, mark: str = "`") -> str:
    """Verdict and cause in words, the cause between marks."""
    if case.cause is None:
        return case.verdict
    noted = ", noted" if case.verdict == "pass" else ""
    return f"{case.verdict}{noted}: {mark}{case.cause}{mark}"


def overview(first_port: int) -> list[str]:
    """Every carrier with its first port, in lines for a terminal."""
    lines: list[str] = []
    for part, carriers in _PARTS.items():
        each = (f"{first_port + carrier.listeners[0].offset} {carrier.name}" for carrier in carriers)
        # A port and its name stay on one line.
        text = ", ".join(words.replace(" ", _TIED) for words in each)
        wrapped = textwrap.wrap(f"{part}: {text}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        lines += [line.replace(_TIED, " ") for line in wrapped]
    return lines


def commands(first_port: int) -> Iterator[str]:
    """Lines for a terminal: what to set before, then every command under what it shows."""
    yield 'alias sip=".venv/bin/python manage.py sip"'
    yield PASSWORD_LINE
    for case in CASES:
        plays = case.plays or CARRIERS_BY_NAME[case.carrier].plays
        yield ""
        yield f"# {f'{case.carrier}: ' if case.carrier else ''}{plays}. {seen(case, '').capitalize()}"
        yield f"sip {case.command(first_port, case.listeners[0])}"
