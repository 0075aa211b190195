"""Calls that are led to OpenAI's SIP address: its double plays the other side, asked over HTTP.

| asked | means |
|---|---|
| `POST /_double/calls` | an INVITE: address, headers, and the script that the caller speaks |
| `GET /_double/calls/{id}` | how it goes |
| `POST /_double/calls/{id}/hangup` | the caller's BYE, or CANCEL before it is accepted |
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from callsphere.local.doubles.twilio.callbacks import is_here

NOBODY, UNKNOWN = 480, 404
"""The SIP responses (RFC 3261 §21.4.18, §21.4.5) of a leg that finds no double of OpenAI's, or no project."""

OPENAI_HOST = "sip.api.openai.com"
_PATIENCE_S = 15.0


class NotThere(OSError):
    """OpenAI's double is there, and has no such project or call."""


@dataclass(frozen=True, slots=True)
class AgentState:
    """How a leg stands: ringing, accepted, rejected or ended."""

    status: str
    status_code: int = 0
    ended_by: str = ""
    referred_to: str = ""


@dataclass(frozen=True, slots=True)
class AgentSide:
    """Where OpenAI's double is (`base`, empty for none), and which SIP hosts are its own."""

    base: str = ""
    hosts: frozenset[str] = frozenset({OPENAI_HOST})

    @classmethod
    def at(cls, base_url: str, sip_host: str) -> AgentSide:
        """Return the side that settings name: an address of the API, with or without /v1, and a SIP host."""
        hosts = {OPENAI_HOST, sip_host.lower()} - {""}
        return cls(base_url.rstrip("/").removesuffix("/v1"), frozenset(hosts))

    def has(self, uri: str) -> bool:
        """Whether an address is OpenAI's."""
        return host_of(uri) in self.hosts

    def invite(self, uri: str, headers: list[tuple[str, str]], script: str) -> str:
        """Return the id of a new call. Raises NotThere for an unknown project, OSError without a double."""
        body: dict[str, Any] = {
            "to": uri,
            "sip_headers": [{"name": name, "value": value} for name, value in headers],
        }
        if script:
            body["script"] = script
        return str(self._ask("POST", "/_double/calls", body)["call_id"])

    def state(self, call_id: str) -> AgentState:
        """Return how a call stands. Raises OSError when nobody is there."""
        found = self._ask("GET", f"/_double/calls/{call_id}")
        return AgentState(
            str(found["status"]),
            int(found.get("status_code") or 0),
            found.get("ended_by") or "",
            found.get("referred_to") or "",
        )

    def hang_up(self, call_id: str) -> None:
        """Have the caller be gone. Raises OSError when nobody is there."""
        self._ask("POST", f"/_double/calls/{call_id}/hangup", {})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        parts = urlsplit(self.base)
        if parts.scheme != "http" or not is_here(parts.hostname or ""):
            raise OSError("OpenAI's double is not in use")
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_PATIENCE_S)
        headers = {"Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 404:
                raise NotThere("OpenAI's double knows no such project or call")
            if answer.status >= 400:
                raise OSError(f"OpenAI's double answered {answer.status}: {_sentence(text)}")
            found: dict[str, Any] = json.loads(text or b"{}")
            return found
        except (HTTPException, ValueError) as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()


def _sentence(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return "it did not say why"


def host_of(uri: str) -> str:
    """Return the host of a SIP address."""
    rest = uri.partition(":")[2].partition("?")[0].partition(";")[0]
    return rest.rpartition("@")[2].partition(":")[0].lower()


def headers_in(uri: str) -> list[tuple[str, str]]:
    """Return the headers that are written into a SIP address (RFC 3261 §19.1.1)."""
    return parse_qsl(uri.partition("?")[2], keep_blank_values=True)
