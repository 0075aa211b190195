"""Work in the background: which queue a task waits in, and how often beat asks for it."""

from typing import Any

from celery.schedules import schedule

TASK_ROUTES: dict[str, dict[str, str]] = {
    "trunks.probe_*": {"queue": "probe"},
    "trunks.refresh_registrations": {"queue": "probe"},
    # A process of their own: a call takes a thousand times the CPU of a ping.
    "trunks.run_checks": {"queue": "check"},
    "trunks.sweep_live_calls": {"queue": "probe"},
    "tenants.deliver_*": {"queue": "deliver"},
    "trunks.start_scheduled_checks": {"queue": "probe"},
    "billing.*": {"queue": "provision"},
    "trunks.provision_numbers": {"queue": "provision"},
    "trunks.provision_trunks": {"queue": "provision"},
    "agents.run_tool_tests": {"queue": "deliver"},
    "calls.apply_events": {"queue": "deliver"},
    "calls.end_calls": {"queue": "deliver"},
    "calls.look_at_calls": {"queue": "deliver"},
    "calls.send_texts": {"queue": "deliver"},
    "calls.fetch_sounds": {"queue": "deliver"},
    "calls.ring_double": {"queue": "deliver"},
    "outbound.place_calls": {"queue": "deliver"},
    "outbound.look_for_lost_calls": {"queue": "deliver"},
    "escalations.go_on": {"queue": "deliver"},
}
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "register": {
        "task": "trunks.refresh_registrations",
        "schedule": schedule(1.0),
        "options": {"expires": 5},
    },
    "scheduled-checks": {
        "task": "trunks.start_scheduled_checks",
        "schedule": schedule(60.0),
        "options": {"expires": 50},
    },
    "report-links": {"task": "trunks.sweep_shares", "schedule": schedule(3600.0)},
    "readiness": {"task": "trunks.run_checks", "schedule": schedule(1.0), "options": {"expires": 5}},
    "probe": {"task": "trunks.probe_due_gateways", "schedule": schedule(1.0), "options": {"expires": 5}},
    "live-calls": {
        "task": "trunks.sweep_live_calls",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "numbers": {"task": "trunks.provision_numbers", "schedule": schedule(2.0), "options": {"expires": 5}},
    "provisions": {"task": "trunks.provision_trunks", "schedule": schedule(2.0), "options": {"expires": 5}},
    "number-searches": {"task": "trunks.forget_number_searches", "schedule": schedule(3600.0)},
    "number-refreshes": {"task": "trunks.plan_number_refreshes", "schedule": schedule(3600.0)},
    "registrar-paces": {"task": "trunks.forget_registrar_paces", "schedule": schedule(3600.0)},
    "live-calls-over": {"task": "trunks.forget_old_calls", "schedule": schedule(3600.0)},
    "probe-rollup": {
        "task": "trunks.roll_up_history",
        "schedule": schedule(300.0),
        "options": {"expires": 240},
    },
    # More often than daily: beat forgets the time of a daily task with its schedule file.
    "certificates": {"task": "trunks.watch_certificates", "schedule": schedule(3600.0)},
    "partitions": {"task": "trunks.maintain_partitions", "schedule": schedule(3600.0)},
    "tool-tests": {"task": "agents.run_tool_tests", "schedule": schedule(2.0), "options": {"expires": 5}},
    "tool-invocations": {"task": "agents.forget_old_invocations", "schedule": schedule(3600.0)},
    "mail": {"task": "tenants.deliver_mail", "schedule": schedule(2.0), "options": {"expires": 5}},
    "billing-requests": {
        "task": "billing.do_requests",
        "schedule": schedule(2.0),
        "options": {"expires": 5},
    },
    "billing-events": {
        "task": "billing.process_events",
        "schedule": schedule(2.0),
        "options": {"expires": 5},
    },
    "billing-time": {"task": "billing.look_after", "schedule": schedule(60.0), "options": {"expires": 50}},
    "billing-commissions": {
        "task": "billing.follow_commissions",
        "schedule": schedule(60.0),
        "options": {"expires": 50},
    },
    "calls": {"task": "calls.apply_events", "schedule": schedule(1.0), "options": {"expires": 5}},
    "calls-to-end": {"task": "calls.end_calls", "schedule": schedule(5.0), "options": {"expires": 5}},
    "calls-to-look": {"task": "calls.look_at_calls", "schedule": schedule(30.0), "options": {"expires": 30}},
    "texts": {"task": "calls.send_texts", "schedule": schedule(5.0), "options": {"expires": 5}},
    "outbound-calls": {"task": "outbound.place_calls", "schedule": schedule(1.0), "options": {"expires": 5}},
    "escalations": {"task": "escalations.go_on", "schedule": schedule(1.0), "options": {"expires": 5}},
    "outbound-lost": {
        "task": "outbound.look_for_lost_calls",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "sounds": {"task": "calls.fetch_sounds", "schedule": schedule(5.0), "options": {"expires": 5}},
    "call-events": {"task": "calls.forget_events", "schedule": schedule(3600.0)},
    "outbound-kept": {"task": "outbound.forget", "schedule": schedule(3600.0)},
    "escalations-kept": {"task": "escalations.forget", "schedule": schedule(3600.0)},
    "calls-kept": {"task": "calls.forget_calls", "schedule": schedule(3600.0)},
    "billing-sweep": {"task": "billing.sweep", "schedule": schedule(3600.0)},
    "tenants-sweep": {"task": "tenants.sweep_expired", "schedule": schedule(3600.0)},
}
