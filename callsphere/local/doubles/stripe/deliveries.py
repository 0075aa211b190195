"""Events on their way: signed, tried again until taken; on request held back, doubled, in wrong order."""

from __future__ import annotations

import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from callsphere.local.doubles.stripe.account import Account, Record

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0


@dataclass(order=True, slots=True)
class _Parcel:
    due: float
    number: int
    event: Record = field(compare=False)
    wait_s: float = field(compare=False, default=_FIRST_WAIT_S)


class Deliveries(threading.Thread):
    """Sends an account's events to one webhook endpoint; what nobody took, after a restart too."""

    def __init__(self, account: Account, url: str, secret: str) -> None:
        super().__init__(name="stripe-deliveries", daemon=True)
        self._account = account
        self._url = urlsplit(url)
        self._secret = secret
        self._changed = threading.Condition()
        self._parcels: list[_Parcel] = []
        self._held: list[Record] | None = None
        self._count = 0
        self._ended = False
        for event in account.events:
            if event["pending_webhooks"]:
                self._post(event)
        account.new_event = self._post

    def hold(self) -> None:
        """Keep events back until `release`."""
        with self._changed:
            self._held = self._held or []

    def release(self, *, reverse: bool = False, copies: int = 1) -> int:
        """Let go what was held back, the newest first if wished and each several times; return how many."""
        with self._changed:
            held, self._held = self._held or [], None
        for event in held[::-1] if reverse else held:
            for _ in range(copies):
                self._post(event)
        return len(held) * copies

    def end(self) -> None:
        """Stop the thread."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self.join(10)

    def run(self) -> None:
        """Send what is due, one after the other."""
        while True:
            with self._changed:
                while not self._ended and not self._next_is_due():
                    soonest = min(self._parcels).due - time.monotonic() if self._parcels else None
                    self._changed.wait(soonest)
                if self._ended:
                    return
                parcel = min(self._parcels)
                self._parcels.remove(parcel)
            if self._send(parcel.event):
                with self._account.lock:
                    parcel.event["pending_webhooks"] = 0
                    self._account.save()
            else:
                self._put_off(parcel)

    def _post(self, event: Record) -> None:
        with self._changed:
            if self._held is not None:
                self._held.append(event)
                return
            self._count += 1
            self._parcels.append(_Parcel(time.monotonic(), self._count, event))
            self._changed.notify()

    def _put_off(self, parcel: _Parcel) -> None:
        with self._changed:
            parcel.due = time.monotonic() + parcel.wait_s
            parcel.wait_s = min(2 * parcel.wait_s, _LONGEST_WAIT_S)
            self._parcels.append(parcel)

    def _next_is_due(self) -> bool:
        return bool(self._parcels) and min(self._parcels).due <= time.monotonic()

    def _send(self, event: Record) -> bool:
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json", "Stripe-Signature": sign(body, self._secret)}
        connection = HTTPConnection(self._url.hostname or "", self._url.port or 80, timeout=10)
        try:
            connection.request("POST", self._url.path, body, headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def sign(body: bytes, secret: str, moment: float | None = None) -> str:
    """Return the header that proves who sent a body: HMAC-SHA256 over time and body, as Stripe does."""
    stamp = int(time.time() if moment is None else moment)
    digest = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return f"t={stamp},v1={digest}"


def state_of(deliveries: Deliveries | None) -> dict[str, Any]:
    """Return what the control page says of the way of events."""
    if deliveries is None:
        return {"sends": False}
    return {"sends": True, "held": deliveries._held is not None, "waiting": len(deliveries._parcels)}
