"""Made-up data for the component gallery, shaped like what real pages pass to the components."""

import math
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils import timezone

from tenants.card_fields import CardChoiceField


class GatewayForm(forms.Form):
    """Every kind of field once."""

    name = forms.CharField(max_length=60, help_text="How this trunk is called on every page.")
    uri = forms.CharField(
        label="SIP URI", help_text="As your carrier gave it to you, for example sips:sbc.example.net."
    )
    direction = CardChoiceField(
        choices=[("inbound", "Inbound"), ("outbound", "Outbound"), ("both", "Both")],
        cards={
            "inbound": "Callers reach your agents.",
            "outbound": "Your agents call people.",
            "both": "Calls go either way.",
        },
        initial="both",
    )
    transport = forms.ChoiceField(
        choices=[("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS")], help_text="TLS if offered."
    )
    interval = forms.IntegerField(label="Check every", min_value=15, max_value=3600, initial=30)
    secret = forms.CharField(widget=forms.PasswordInput, label="Password")
    notes = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    authentication = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("ip", "IP allowlist"),
            ("digest", "Username and password"),
            ("registration", "Registration"),
        ],
        help_text="More than one may apply.",
    )
    enabled = forms.BooleanField(
        label="Check this gateway", required=False, initial=True, help_text="Off pauses it."
    )


def _form() -> GatewayForm:
    form = GatewayForm(
        {
            "name": "Main line",
            "uri": "sip:alice@10.0.0.1",
            "direction": "both",
            "transport": "tls",
            "interval": "5",
            "authentication": ["ip"],
            "enabled": "on",
        }
    )
    form.add_error("uri", "A gateway has no user part. Remove “alice@”: sip:10.0.0.1")
    return form


def _trunks() -> list[dict[str, Any]]:
    now = timezone.now()
    wave: list[float | None] = [22 + 9 * math.sin(index / 2) + index % 3 for index in range(20)]
    late: list[float | None] = [*wave[:12], *([None] * 8)]
    rows: list[tuple[str, str, str, str, str, timedelta | None, float | None, str, list[float | None]]] = [
        ("Main line", "up", "", "refreshes in 12 min", "sips:sbc.example.net",
         timedelta(), 24, "100 %", wave),
        ("After hours", "impaired", "Answering 503", "for 9 min", "sip:edge.example.org;transport=tcp",
         timedelta(seconds=28), 41, "97.2 %", wave[::-1]),
        ("Old office", "down", "", "4 min · no answer from 2 of 2 gateways", "sip:198.51.100.7",
         timedelta(minutes=4), None, "81.0 %", late),
        ("New carrier", "unknown", "", "", "sips:[2001:db8::7]:5061", None, None, "-", []),
    ]  # fmt: skip
    names = ("name", "state", "label", "detail", "host", "age", "latency", "share", "values")
    trunks: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in rows]
    for trunk in trunks:
        trunk["at"] = None if trunk["age"] is None else now - trunk["age"]
    return trunks


def _buckets() -> list[SimpleNamespace]:
    states = [
        *["up"] * 9,
        *["impaired"] * 2,
        *["up"] * 19,
        *["down"] * 2,
        *["up"] * 12,
        "unknown",
        *["up"] * 3,
    ]
    return [
        SimpleNamespace(state=state, label=f"{index // 2:02}:{index % 2 * 30:02} {state}")
        for index, state in enumerate(states)
    ]


def _latency() -> list[tuple[datetime, float | None, float | None]]:
    start = timezone.now() - timedelta(hours=24)
    rows: list[tuple[datetime, float | None, float | None]] = []
    for index in range(96):
        mean = round(24 + 6 * math.sin(index / 9) + index % 4, 1)
        silent = 60 <= index < 64
        rows.append(
            (start + timedelta(minutes=15 * index), None, None)
            if silent
            else (start + timedelta(minutes=15 * index), mean, round(mean * 1.7, 1))
        )
    return rows


def _steps() -> list[dict[str, Any]]:
    return [
        {"title": "Confirm your e-mail address", "state": "done"},
        {"title": "Name your organisation", "state": "done"},
        {"title": "Connect a carrier", "state": "current", "url": "#",
         "detail": "You need the SIP URI it gave you.", "action": "Connect a carrier"},
        {"title": "See the first green trunk", "state": "todo"},
    ]  # fmt: skip


def _check() -> list[dict[str, Any]]:
    return [
        {"title": "Name resolves", "state": "pass", "detail": "2 targets by SRV", "aside": "3 ms"},
        {"title": "Certificate", "state": "warn", "aside": "41 ms",
         "detail": "Expires in 12 days. Your carrier should renew it."},
        {"title": "OPTIONS answered", "state": "fail", "detail": "503 Service Unavailable", "aside": "24 ms"},
        {"title": "Registration", "state": "running", "detail": "Waiting for the carrier's answer"},
        {"title": "Call", "state": "skipped", "detail": "Needs an answer to OPTIONS"},
    ]  # fmt: skip


def _messages() -> list[dict[str, Any]]:
    """A challenged call that is refused, with a repetition."""
    call = [
        (0, "sent", "INVITE", "203.0.113.5:5060/udp"),
        (502, "sent", "INVITE", "203.0.113.5:5060/udp"),
        (540, "received", "407 Proxy Authentication Required", "203.0.113.5:5060/udp"),
        (541, "sent", "ACK", "203.0.113.5:5060/udp"),
        (542, "sent", "INVITE with credentials", "203.0.113.5:5060/udp"),
        (571, "received", "100 Trying", "203.0.113.5:5060/udp"),
        (1840, "received", "200 OK", "203.0.113.5:5060/udp"),
        (1841, "sent", "ACK to the Contact", "203.0.113.9:5070/udp"),
        (2300, "received", "488 Not Acceptable Here", "203.0.113.9:5070/udp"),
    ]
    return [
        {
            "at_ms": at,
            "direction": direction,
            "summary": summary,
            "peer": peer,
            "text": f"{summary}\nVia: SIP/2.0/UDP 198.51.100.7:5060\nCSeq: 1 INVITE",
        }
        for at, direction, summary, peer in call
    ]


def _shell() -> dict[str, Any]:
    tenant = SimpleNamespace(name="Harbour Clinic", slug="harbour")
    other = SimpleNamespace(name="Northside Dental", slug="northside")
    areas = [("Dashboard", "dashboard"), ("Trunks", "trunk"), ("Team", "team"), ("API keys", "key"),
             ("Audit log", "audit"), ("Settings", "settings")]  # fmt: skip
    return {
        "tenant": tenant,
        "memberships": [SimpleNamespace(tenant=tenant), SimpleNamespace(tenant=other)],
        "nav": [
            {"label": label, "url": f"#{icon}", "icon": icon, "active": label == "Trunks"}
            for label, icon in areas
        ],
        "user": SimpleNamespace(email="mara@harbour-clinic.example", is_staff=False),
        "sandbox": True,
    }


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": "Overview", "url": "#overview", "active": True},
        {"label": "Gateways", "url": "#gateways", "active": False, "count": 3},
        {"label": "Allowlist", "url": "#allowlist", "active": False, "count": 0},
        {"label": "History", "url": "#history", "active": False},
    ]


def context() -> dict[str, Any]:
    """Return everything the gallery shows, with a shell around it for visitors who are not signed in."""
    now = timezone.now()
    ages = (
        timedelta(),
        timedelta(minutes=4),
        timedelta(hours=5),
        timedelta(days=40),
        -timedelta(minutes=12.1),
    )
    return _shell() | {
        "form": _form(),
        "trunks": _trunks(),
        "buckets": _buckets(),
        "chart_names": ["Mean", "95 % below"],
        "chart_rows": _latency(),
        "steps_setup": _steps(),
        "steps_check": _check(),
        "ladder_entries": _messages(),
        "states": ["up", "impaired", "down", "unknown", "paused"],
        "tabs_list": _tabs(),
        "conflict_rows": [
            {"label": "Name", "theirs": "Main line", "yours": "Main line"},
            {"label": "Check every", "theirs": "60 s", "yours": "15 s"},
        ],
        "addresses": ["203.0.113.10", "203.0.113.11", "2001:db8:40::10"],
        "moments": [now - age for age in ages],
    }
