"""What may stand in a draft, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils import timezone

from agents.addresses import read_e164, read_sip_uri, read_stream_url, sip_target
from agents.enums import BuiltinTool
from agents.models import Agent
from agents.models.agents import CONFIGURED, LONGEST_INSTRUCTIONS, LONGEST_RULES, LONGEST_SPOKEN
from tenants.keys import seal_for
from tenants.services.editing import (
    FieldErrors,
    field_error,
    name_fields_of_constraints,
    one_line,
    several_lines,
)

LONGEST_SECRET = 128
SECRET_FIELDS = ("sip_secret", "sip_sign_in_set_at")
EDITABLE = ("name", *(name for name in CONFIGURED if name not in SECRET_FIELDS))
AUDITED = ("name", *CONFIGURED)
_TEXTS = {
    "instructions": LONGEST_INSTRUCTIONS,
    "safety_rules": LONGEST_RULES,
    "greeting": LONGEST_SPOKEN,
    "consent_text": LONGEST_SPOKEN,
}
_LINES = ("name", "sip_username")

name_fields_of_constraints(
    {
        "agent_name_once": "name",
        "agent_longest_call": "longest_call_s",
        "agent_longest_realtime_call": "longest_call_s",
        "agent_vad_threshold": "vad_threshold",
        "agent_tools_known": "builtin_tools",
    }
)


def apply(agent: Agent, changes: Mapping[str, Any], sip_secret: str | None, wrong: FieldErrors) -> None:
    """Write changes into a draft, which is not stored; what is wrong with them is gathered.

    Another address or user name forgets the password, unless a new one comes along: it was meant for
    somebody else.
    """
    before = _signed_in_at(agent)
    for name, value in changes.items():
        with wrong.gathered():
            setattr(agent, name, _read(name, value))
    if sip_secret:
        with wrong.gathered():
            _set_secret(agent, sip_secret)
    elif sip_secret == "" or _signed_in_at(agent) != before:
        agent.sip_secret, agent.sip_sign_in_set_at = "", None


def _read(name: str, value: Any) -> Any:
    if name in _TEXTS:
        return _text(name, value)
    if name in _LINES:
        return one_line(name, value)
    if name == "language":
        return _language(value)
    if name == "builtin_tools":
        return _tools(value)
    if name == "transfer_number":
        return read_e164(name, value)
    if name in ("stream_url", "sip_uri") and value.strip(" "):
        return read_stream_url(value) if name == "stream_url" else read_sip_uri(value)
    return value.strip(" ") if isinstance(value, str) else value


def _text(name: str, value: str) -> str:
    text = several_lines(name, value)
    if len(text) > _TEXTS[name]:
        raise field_error(name, f"Use at most {_TEXTS[name]} characters; this has {len(text)}.", "max_length")
    return text


def _language(tag: str) -> str:
    try:
        return str(Locale.parse(tag.strip(" "), sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError, TypeError):
        raise field_error(
            "language", "Write a language tag, such as en-US, es-MX or de.", "language"
        ) from None


def _tools(names: Iterable[str]) -> list[str]:
    """Return each once, in the order in which they are explained."""
    wanted = set(names)
    if wanted - set(BuiltinTool.values):
        raise field_error(
            "builtin_tools", f"Choose any of: {', '.join(BuiltinTool.values)}.", "invalid_choice"
        )
    return [name for name in BuiltinTool.values if name in wanted]


def _signed_in_at(agent: Agent) -> tuple[Any, ...] | None:
    return (agent.sip_username, *sip_target(agent.sip_uri)) if agent.sip_uri else None


def _set_secret(agent: Agent, secret: str) -> None:
    if len(secret) > LONGEST_SECRET or not secret.isprintable():
        words = f"Use at most {LONGEST_SECRET} characters, without line breaks and invisible characters."
        raise field_error("sip_secret", words, "secret")
    if not (agent.sip_uri and agent.sip_username):
        words = "Enter the SIP URI and the user name that the password is for."
        raise field_error("sip_secret", words, "secret_without_address")
    agent.sip_secret = seal_for(agent, "sip_secret", secret)
    agent.sip_sign_in_set_at = timezone.now()
