"""Calls by `sip check` through Kamailio's edge to sipp, and what passed on either side of the edge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.peers.callee import Callee
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier, read
from tests.sip.carriers.running import Commands
from tests.sip.peers.routes import audit_routes

TIMEOUT_S = "60"
SETTLE_S = 60.0


@dataclass(frozen=True)
class Placed:
    """A finished call: exit code and report, what the edge and the called side received and sent."""

    code: int
    report: dict[str, Any]
    front: Carrier
    called: Carrier

    @property
    def verdict(self) -> tuple[int, str, str | None]:
        """Exit code, verdict and cause."""
        return self.code, self.report["verdict"], self.report["cause"]

    def detail(self, step: str) -> str:
        """What a step says."""
        return next(each["detail"] for each in self.report["steps"] if each["name"] == step)


class Edge:
    """Kamailio as a carrier's edge, over every transport."""

    def __init__(self, kamailio: Kamailio, authority: Authority, folder: Path, commands: Commands) -> None:
        self._kamailio = kamailio
        self._authority = authority
        self._folder = folder
        self._commands = commands

    def port(self, transport: str) -> int:
        """Where a transport is served; "sips" is TLS by the scheme of that name."""
        return self._kamailio.tls_port if transport in ("tls", "sips") else self._kamailio.port

    def call(
        self,
        scenario: str,
        *arguments: str,
        over: str = "udp",
        special: str = "+14155",
        behind: str = "udp",
        strict: bool = False,
    ) -> Placed:
        """Call a sipp that follows the scenario, over a transport, and judge what passed.

        `special` is what stands in the number before the port, `behind` how the edge reaches sipp,
        `strict` whether the edge routes strictly.
        """
        since = self._kamailio.mark()
        with Callee(self._folder, scenario, transport=behind) as callee:
            code, report = self.check(f"{special}{callee.port:05}", *arguments, over=over)

        def judge(front: Carrier) -> None:
            audit(front)
            audit_routes(front, strict=strict)

        front = self.front(since, [callee], judge)
        return Placed(code, report, front, as_carrier(callee.messages()))

    def check(self, number: str, *arguments: str, over: str) -> tuple[int, dict[str, Any]]:
        """Exit code and report of a check that calls a number."""
        uri = f"sip:127.0.0.1:{self.port(over)};transport={over}"
        if over == "sips":
            uri = f"sips:127.0.0.1:{self.port(over)}"
        patience = ("--ca-file", str(self._authority.ca_file), "--timeout", TIMEOUT_S)
        return self._commands.check(uri, "--call", number, *patience, *arguments, credentials=True)

    def mark(self) -> int:
        """Now, for `front`."""
        return self._kamailio.mark()

    def front(self, since: int, callees: Iterable[Callee], judge: Callable[[Carrier], None]) -> Carrier:
        """What passed between us and the edge, as soon as it passes `judge`.

        The last of it, an ACK, may be on its way still when everybody else is done.
        """
        behind = {callee.port for callee in callees}
        deadline = time.monotonic() + SETTLE_S
        while True:
            passed = [each for each in self._kamailio.wire(since) if each.other_port not in behind]
            front = as_carrier((each.received, each.data) for each in passed)
            try:
                judge(front)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return front


def as_carrier(messages: Iterable[tuple[bool, bytes]]) -> Carrier:
    """What somebody received and sent, each in order.

    Kamailio's processes log on their own, so nothing is known of the order between the two: `at` is 0.
    """
    carrier = Carrier()
    for received, data in messages:
        message = replace(read(data), at=0.0)
        (carrier.heard if received else carrier.sent).append(message)
    return carrier
