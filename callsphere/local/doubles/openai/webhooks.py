"""Events on their way to the product: signed as OpenAI signs, and sent again until somebody takes them."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import secrets
import time
from typing import Any

import httpx

_WAITS_S = (0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30)
_PATIENCE_S = 10.0


class Sender:
    """Sends to one address; without one it sends nothing."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self._secret = secret
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, kind: str, data: dict[str, Any], *, copies: int = 1) -> None:
        """Let an event go, in several copies if wished, from within the event loop."""
        if self.url:
            event = {
                "object": "event",
                "id": f"evt_{secrets.token_hex(16)}",
                "type": kind,
                "created_at": int(time.time()),
                "data": data,
            }
            identity = f"wh_{secrets.token_hex(16)}"
            for _ in range(copies):
                task = asyncio.create_task(self._deliver(identity, json.dumps(event).encode()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, identity: str, body: bytes) -> None:
        """A later try has the same id, and a signature of its own time."""
        async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as client:
            for wait in (*_WAITS_S, 0):
                if await self._post(client, identity, body):
                    return
                await asyncio.sleep(wait)

    async def _post(self, client: httpx.AsyncClient, identity: str, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)",
            **sign(identity, body, self._secret),
        }
        try:
            return (await client.post(self.url, content=body, headers=headers)).is_success
        except httpx.HTTPError:
            return False


def sign(identity: str, body: bytes, secret: str, moment: float | None = None) -> dict[str, str]:
    """Return the headers that prove who sent a body: HMAC-SHA256 over id, time and body, as OpenAI does."""
    stamp = str(int(time.time() if moment is None else moment))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{identity}.{stamp}.".encode() + body, "sha256")
    return {
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
