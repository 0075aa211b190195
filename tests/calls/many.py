"""Calls by the thousand, as a busy tenant has them, for plans and measurements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from tenants.context import platform_context
from tenants.models import Tenant

_FILL = """
INSERT INTO calls_call (
    id, tenant_id, direction, call_sid, phone_number_id, trunk_id, our_number, their_number,
    agent_id, version_id, action, sent_to, because, answered_by, brief, state, outcome, hung_up_by,
    sip_code, error_code, cause, verstat,
    started_at, answered_at, ended_at, talked_s, price, price_unit, end_due_at, end_reason, look_due_at, looks
)
SELECT
    -- a version 7 UUID of the moment (RFC 9562 §5.7), its random part made of the number
    (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3)
     || '8' || substr(hash, 4, 15))::uuid,
    %(tenant)s, CASE WHEN dice %% 100 = 0 THEN 'outbound' ELSE 'inbound' END, 'CA' || hash,
    (%(numbers)s::uuid[])[n %% greatest(%(number_count)s, 1) + 1],
    CASE WHEN dice %% 10 = 1 THEN (%(trunks)s::uuid[])[1] END,
    '+1415555' || lpad((n %% 20)::text, 4, '0'),
    CASE WHEN dice %% 500 = 7 THEN '+4930' ELSE '+1' END || lpad((dice %% 1000000000)::text, 9, '0'),
    (%(agents)s::uuid[])[n %% greatest(%(agent_count)s, 1) + 1], NULL,
    'sip', '', '[]', '', '', CASE WHEN is_live THEN 'in_progress' ELSE 'ended' END,
    CASE WHEN is_live THEN '' WHEN dice %% 100 < 85 THEN 'agent' WHEN dice %% 100 < 97 THEN 'missed'
         WHEN dice %% 1000 = 999 THEN 'busy' ELSE 'failed' END,
    CASE WHEN is_live THEN '' ELSE 'caller' END,
    CASE WHEN is_live THEN NULL WHEN dice %% 100 < 97 THEN 200 WHEN dice %% 1000 = 999 THEN 486
         WHEN dice %% 1000 = 998 THEN 503 ELSE 480 END,
    NULL, '', '', at, at, CASE WHEN is_live THEN NULL ELSE at + interval '1 minute' END,
    CASE WHEN is_live THEN NULL ELSE dice %% 600 END, NULL, '', NULL, '', NULL, 0
FROM (
    SELECT n, hash, at, ('x' || substr(hash, 1, 7))::bit(28)::int AS dice, n > %(count)s - %(live)s AS is_live
    FROM (
        SELECT n, md5(%(tenant)s::text || n) AS hash,
               %(first)s::timestamptz + n * (%(period)s::interval / %(count)s) AS at
        FROM generate_series(1, %(count)s) AS n
    ) AS numbered
) AS thrown
"""


@dataclass(frozen=True, slots=True)
class Many:
    """How many calls, spread over `period` from `first` on, the last `live` of them not over.

    One in 100 is outbound, one in 500 from Berlin, one in 1,000 busy (486), and one refused with 503.
    """

    count: int
    first: datetime
    period: timedelta
    live: int = 5
    numbers: list[uuid.UUID] = field(default_factory=list)
    agents: list[uuid.UUID] = field(default_factory=list)
    trunks: list[uuid.UUID] = field(default_factory=list)


def fill_calls(tenant: Tenant, many: Many) -> None:
    """Give a tenant calls. Call it outside any context."""
    values: dict[str, Any] = {
        "tenant": tenant.pk,
        "count": many.count,
        "first": many.first,
        "period": many.period,
        "live": many.live,
        "numbers": many.numbers,
        "number_count": len(many.numbers),
        "agents": many.agents,
        "agent_count": len(many.agents),
        "trunks": many.trunks,
    }
    with platform_context("fill"), connection.cursor() as cursor:
        cursor.execute(_FILL, values)
