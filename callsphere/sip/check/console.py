"""Reports for people at a terminal."""

from __future__ import annotations

import os
from typing import Any

from callsphere.sip.causes import cause as cause_of
from callsphere.sip.check.report import Result, Step
from callsphere.sip.trace import Trace

_COLOURS = {"pass": "32", "warn": "33", "fail": "31", "skipped": "2"}
_WHO = {"you": "you", "carrier": "the carrier", "callsphere": "CallSphere"}
# At the shell there is no trunk to store anything in: what to do is said in options.
_SHELL_FIXES = {
    "address_refused": "To contact a peer on this machine or in your own network, add --allow-private.",
    "credentials_missing": "Add --username, and give the password in the variable CALLSPHERE_SIP_PASSWORD or"
    " in the first line of a file that --password-file names.",
}


class Console:
    """Writes lines as they are known, in colour where the stream is a terminal and NO_COLOR is unset.

    `at_shell` says what to do in options of the command, else in the words of the dictionary.
    """

    def __init__(self, stream: Any, *, at_shell: bool = True) -> None:
        self._stream = stream
        self._at_shell = at_shell
        terminal = getattr(stream, "isatty", None)
        self._coloured = bool(terminal and terminal()) and not os.environ.get("NO_COLOR")

    def line(self, text: str = "") -> None:
        """Write one line now."""
        self._write(f"{_visible(text)}\n")

    def step(self, step: Step) -> None:
        """A step that is finished, with what to do about it."""
        took = f"{step.ms:>6} ms" if step.result != "skipped" else " " * 9
        mark = self.painted(f"{step.result:<7}", step.result)
        self._write(f"  {mark} {step.name:<14} {took}  {_visible(step.detail)}\n")
        if step.cause is not None:
            self.advice(step.cause)

    def advice(self, code: str) -> None:
        """What a cause means, who has to act, and how."""
        known = cause_of(code)
        fix = _SHELL_FIXES.get(code, known.fix) if self._at_shell else known.fix
        who = "" if known.who is None else f" Who: {_WHO[known.who]}."
        self.line(f"          {known.title} ({code}).{who}")
        self.line(f"          What to do: {fix}")

    def verdict(self, verdict: Result, duration_ms: int) -> None:
        """The end of the report."""
        self._write(f"\n{self.painted(verdict.upper(), verdict)} after {duration_ms / 1000:.1f} s\n")

    def ladder(self, trace: Trace) -> None:
        """Every message, one line each."""
        self.line()
        for rung in trace.ladder():
            self.line(rung)

    def _write(self, text: str) -> None:
        """Write at once. A reader who has gone (`| head`) is written to no more: a call is still hung up."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            silence(self._stream)

    def painted(self, text: str, result: Result) -> str:
        """A text in the colour of a result."""
        return f"\x1b[{_COLOURS[result]}m{text}\x1b[0m" if self._coloured else text


def silence(stream: Any) -> None:
    """Lead a stream whose reader has gone to nowhere: what it still holds would fail again at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _visible(text: str) -> str:
    # What a peer said must not steer the terminal it is shown in.
    return "".join(character if character.isprintable() else " " for character in text)
