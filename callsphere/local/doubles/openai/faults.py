"""Refusals in OpenAI's shape, and what goes wrong on demand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

ON_REQUESTS = ("refuse", "drop", "lose", "hang")
WEBHOOK, RESPONSE = "webhook", "response"
KINDS = (*ON_REQUESTS, "cut", "double", "fail")
ACTIONS = ("", "accept", "reject", "refer", "hangup", "attach", WEBHOOK, RESPONSE)


class ApiError(Exception):
    """A request that is refused: the HTTP status and OpenAI's error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": code}
        self.headers = headers or {}


def gone(call_id: str) -> ApiError:
    """Return the refusal of a call that is not there, or not in the state that a request is for."""
    return ApiError(404, f"No session found for call_id '{call_id}'.", code="call_id_not_found")


@dataclass
class Fault:
    """One thing that goes wrong, `times` times, with requests of an `action` (all, when it is empty).

    `kind`: `refuse` answers `status` and does nothing; `drop` closes the connection and does nothing; `lose`
    does what was asked and closes the connection instead of answering; `hang` does nothing and says nothing
    for `seconds`; `cut` lets a sideband break without a goodbye after `events` events. Of a `webhook`, `drop`
    sends none, and `double` sends it twice. `fail` lets a `response` of the model end as failed, unheard.
    """

    kind: str = "refuse"
    action: str = ""
    status: int = 503
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    seconds: float = 60.0
    events: int = 0
    times: int = 1

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Fault:
        """Read one from JSON; raise ValueError for a name that is none of ours."""
        known = {field.name: field.type for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"no such field of a fault: {', '.join(unknown)}; there are {', '.join(known)}")
        fault = cls(**values)
        if fault.kind not in KINDS or fault.action not in ACTIONS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}; action one of {', '.join(ACTIONS[1:])}")
        return fault

    def refusal(self) -> ApiError:
        """Return what is answered instead."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        message = self.message or f"The double was told to answer {self.status}."
        return ApiError(self.status, message, code=self.code or None, kind=kind, headers=headers)


class Faults:
    """Those that are still to happen, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go right again."""
        self._faults.clear()

    def take(self, action: str, kinds: tuple[str, ...] = ON_REQUESTS) -> Fault | None:
        """Return the fault of this request, or webhook, and count it, or None."""
        meant = (action,) if action in (WEBHOOK, RESPONSE) else ("", action)
        for fault in self._faults:
            if fault.times > 0 and fault.kind in kinds and fault.action in meant:
                fault.times -= 1
                return fault
        return None
