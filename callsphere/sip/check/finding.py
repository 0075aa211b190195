"""From a URI to its targets, within the time of a check."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.resolver import ResolutionError, Target
from callsphere.sip.uri import SipUri


async def resolve(agent: UserAgent, uri: SipUri, timeout: float) -> Sequence[Target]:
    """The targets of a URI in the order to try them; raise ResolutionError, also after `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            return await agent.resolver.resolve(uri)
    except TimeoutError:
        raise ResolutionError("dns_timeout", f"{uri.host}: no answer within {timeout:g} s") from None
