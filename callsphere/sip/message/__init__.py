"""SIP messages: header fields, requests, responses, and reading them from datagrams and streams."""

from __future__ import annotations

from callsphere.sip.errors import SipParseError
from callsphere.sip.message.fields import Headers, header_key
from callsphere.sip.message.lint import lint
from callsphere.sip.message.messages import Message, Request, Response
from callsphere.sip.message.parsing import MAX_HEAD_BYTES, parse_message
from callsphere.sip.message.reasons import REASONS
from callsphere.sip.message.stream import MAX_BODY_BYTES, Event, Malformed, Ping, Pong, StreamParser

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_HEAD_BYTES",
    "REASONS",
    "Event",
    "Headers",
    "Malformed",
    "Message",
    "Ping",
    "Pong",
    "Request",
    "Response",
    "SipParseError",
    "StreamParser",
    "header_key",
    "lint",
    "parse_message",
]
