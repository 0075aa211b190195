"""How many probes one address gets, whoever asks: a token bucket for each address, shared by all workers.

Without it, many tenants (or one with many trunks) could point gateways at one victim and have us send to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from tenants.context import platform_context

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
