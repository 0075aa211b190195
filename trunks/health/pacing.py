"""How many probes one address gets, whoever asks: a token bucket for each address, shared by all workers.

Without it, many tenants (or one with many trunks) could point gateways at one victim and have us send to it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection

from callsphere.lib.netguard import AddressPolicy
from tenants.context import platform_context

P = TypeVar("P")

BURST_S = 5
"""How many seconds' worth of probes an idle address may get at once."""

# What stands in the bucket now: what stood in it then, and what flowed in since. A clock that went back adds
# nothing. Addresses are taken in order, so that two workers never wait for each other.
_AVAILABLE = """least(%(burst)s, allowance.tokens
    + %(rate)s * greatest(0, extract(epoch FROM EXCLUDED.at - allowance.at)::float8))"""
_GRANTED = f"least(EXCLUDED.granted, floor({_AVAILABLE})::integer)"
_TAKE = f"""
INSERT INTO trunks_addressallowance AS allowance (address, tokens, granted, at)
SELECT e.key, %(burst)s - least(e.value::integer, %(burst)s), least(e.value::integer, %(burst)s), %(now)s
FROM json_each_text(%(wanted)s::json) AS e ORDER BY e.key
ON CONFLICT (address) DO UPDATE SET
    granted = {_GRANTED},
    tokens = {_AVAILABLE} - {_GRANTED},
    at = greatest(allowance.at, EXCLUDED.at)
RETURNING address, granted
"""


def take_allowances(wanted: Mapping[str, int], *, rate: int, now: datetime) -> dict[str, int]:
    """Take from each address's allowance what is wanted, or what is left; return what was got.

    `rate` is in probes per second and address.
    """
    values: dict[str, Any] = {"wanted": json.dumps(wanted), "rate": rate, "burst": rate * BURST_S, "now": now}
    with platform_context("take probe allowances"), connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return dict(cursor.fetchall())


def within_limit(
    probes: Sequence[tuple[P, tuple[str, ...]]], *, rate: int, policy: AddressPolicy, now: datetime
) -> tuple[list[P], list[tuple[P, float]]]:
    """Split probes into those that their addresses' allowances cover and those to put off, by seconds.

    Each comes with every address that it may send to, once for each target there: all must be covered. The
    operator's own addresses (see AddressPolicy) have no limit: it protects strangers. Delays spread what is
    put off over the time in which the allowance comes back.
    """
    wanted = Counter(address for _probe, addresses in probes for address in addresses)
    limited = {address: count for address, count in wanted.items() if not policy.is_operator_allowed(address)}
    if not limited:
        return [probe for probe, _addresses in probes], []
    left = take_allowances(limited, rate=rate, now=now)
    over: Counter[str] = Counter()
    sent: list[P] = []
    late: list[tuple[P, float]] = []
    for probe, addresses in probes:
        cost = Counter(address for address in addresses if address in limited)
        # Never more than an allowance can hold, or the probe would wait for ever.
        short = [address for address, count in cost.items() if left[address] < min(count, rate * BURST_S)]
        if short:
            over.update(cost)
            late.append((probe, 1 + max(over[address] for address in short) / rate))
        else:
            for address, count in cost.items():
                left[address] = max(0, left[address] - count)
            sent.append(probe)
    return sent, late
