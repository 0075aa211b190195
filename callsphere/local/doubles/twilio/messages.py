"""What the double is asked and what it answers, apart from sockets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
"""One resource: its fields as Twilio names them; those that begin with an underscore are never shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `host` is the one it was meant for, such as `trunking.twilio.com`."""

    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    form: Mapping[str, list[str]] = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON or bytes, and headers; no body with 204."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error as Twilio answers it: HTTP status, Twilio's code and a sentence."""

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        """Return it in the shape that both API generations share."""
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return Answer(self.status, body, self.headers)


def snake(name: str) -> str:
    """Return a form field's name as answers write it: VoiceUrl, voice_url."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def not_found(path: str) -> Refusal:
    """Return the refusal for what is not there, or not the asker's."""
    return Refusal(404, 20404, f"The requested resource {path} was not found")


def invalid(code: int, message: str) -> Refusal:
    """Return a refusal with status 400."""
    return Refusal(400, code, message)
