"""Every message sent and received, fit to be shown: secrets taken out before anything is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from callsphere.sip.message import Request, Response, parse_message
from callsphere.sip.sdp import redact_keys

Direction = Literal["sent", "received"]

MAX_ENTRIES = 2000
"""Messages kept of one run; a peer that floods us does not fill our memory."""
MAX_TEXT = 32 * 1024
"""Characters kept of one message."""
LADDER_WIDTH = 44
"""Room for the words of one message in a ladder, in characters."""
REDACTED = "[redacted]"

_SECRET_HEADERS = re.compile(
    r"^((?:proxy-)?authorization|(?:proxy-)?authentication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.I | re.M,
)
_URI_PASSWORD = re.compile(r"(sips?:[^\s:@<>;?]+:)[^\s@<>]+@", re.I)
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One message: milliseconds since the start, direction, a few words, the redacted text, the other end.

    `method` is that of CSeq, "" for what is no message.
    """

    at_ms: int
    direction: Direction
    summary: str
    text: str
    peer: str
    method: str = ""

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints in `trace`."""
        return {
            "at_ms": self.at_ms,
            "direction": self.direction,
            "summary": self.summary,
            "text": self.text,
        }


class Redactor:
    """Takes secrets out of texts: credentials, media keys, and wherever a peer repeats one of ours.

    `secrets` are texts that must never show; those too short to be told from ordinary text, or part
    of a `public` text, are left to the rules for headers.
    """

    def __init__(self, secrets: Iterable[str] = (), public: Iterable[str] = ()) -> None:
        shown = " ".join(public)
        kept = {text for text in secrets if len(text) >= _SHORTEST_SECRET and text not in shown}
        self._secrets = sorted(kept, key=len, reverse=True)

    def data(self, data: bytes) -> str:
        """A whole message as text."""
        text = redact_keys(data).decode("utf-8", "replace")
        text = _SECRET_HEADERS.sub(rf"\1: {REDACTED}", text)
        return self.text(text)[:MAX_TEXT]

    def text(self, text: str) -> str:
        """A sentence or a URI."""
        text = _URI_PASSWORD.sub(rf"\1{REDACTED}@", text)
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


class Trace:
    """The messages of one run in order. `started_at` and every `now` are monotonic seconds."""

    keeps = True
    """Whether it is worth the work to have a message's bytes at hand."""

    def __init__(self, started_at: float, redactor: Redactor | None = None) -> None:
        self.entries: list[TraceEntry] = []
        self.redactor = redactor or Redactor()
        self._started_at = started_at

    def add(
        self,
        direction: Direction,
        data: bytes,
        peer: str,
        now: float,
        message: Request | Response | None = None,
    ) -> None:
        """Keep a message; `message` is None for bytes that could not be read."""
        if len(self.entries) >= MAX_ENTRIES:
            return
        at_ms = max(0, round((now - self._started_at) * 1000))
        if message is None and direction == "sent":
            message = parse_message(data)  # our own repetitions come as bytes
        summary = self.redactor.text(_summary(data, message))
        method = message.cseq.method if message is not None else ""
        text = self.redactor.data(data)
        self.entries.append(TraceEntry(at_ms, direction, summary, text, peer, method))

    def ladder(self) -> list[str]:
        """One line per message: time, arrow, what it was, the other end."""
        return [_rung(entry) for entry in self.entries]


class NoTrace(Trace):
    """For work that nobody is going to look at: keeps nothing."""

    keeps = False

    def __init__(self) -> None:
        super().__init__(0.0)

    def add(
        self,
        direction: Direction,
        data: bytes,
        peer: str,
        now: float,
        message: Request | Response | None = None,
    ) -> None:
        """Let it pass."""


def _summary(data: bytes, message: Request | Response | None) -> str:
    if isinstance(message, Request):
        return message.method
    if isinstance(message, Response):
        reason = "".join(character for character in message.reason if character.isprintable())
        return f"{message.status} {reason}".strip()[:80]
    return f"{len(data)} bytes that are no SIP message"


def _rung(entry: TraceEntry) -> str:
    arrow = "-->" if entry.direction == "sent" else "<--"
    what = entry.summary
    if entry.method and what[:1].isdigit():
        what = f"{what} ({entry.method})"
    what = what if len(what) <= LADDER_WIDTH else what[: LADDER_WIDTH - 3] + "..."
    return f"{entry.at_ms:>7} ms  {arrow}  {what:<{LADDER_WIDTH}}  {entry.peer}".rstrip()
