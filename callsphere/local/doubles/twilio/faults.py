"""What goes wrong on demand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from callsphere.local.doubles.twilio.messages import Refusal, Request

_TEXTS = {
    401: (20003, "Authenticate"),
    429: (20429, "Too Many Requests"),
    500: (20500, "Internal Server Error"),
    503: (20503, "Service unavailable"),
}


@dataclass
class Fault:
    """One thing that goes wrong, `times` times, with requests whose method and path fit.

    `kind`: `refuse` answers `status` and `code` and does nothing; `drop` closes the connection and does
    nothing; `lose` does what was asked and closes the connection instead of answering; `hang` does it and
    says nothing for `seconds`. `path` is a part of the path, `host` the start of the host.
    """

    kind: str = "refuse"
    status: int = 503
    code: int = 0
    message: str = ""
    method: str = ""
    host: str = ""
    path: str = ""
    retry_after: int | None = None
    seconds: float = 60.0
    times: int = 1

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Fault:
        """Read one from JSON; raise ValueError for a name that is none of ours."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown or values.get("kind", "refuse") not in {"refuse", "drop", "lose", "hang"}:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown)) or values['kind']}")
        return cls(**values)

    def fits(self, request: Request) -> bool:
        """Whether it is this request's turn."""
        return (
            self.times > 0
            and self.method in ("", request.method)
            and request.host.startswith(self.host)
            and self.path in request.path
        )

    def refusal(self) -> Refusal:
        """Return what is answered instead."""
        code, message = _TEXTS.get(self.status, (20001, "Bad Request"))
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Refusal(self.status, self.code or code, self.message or message, headers)


class Faults:
    """Those that are still to happen, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        """Return the fault of this request and count it, or None."""
        fault = next((each for each in self._faults if each.fits(request)), None)
        if fault:
            fault.times -= 1
        return fault
