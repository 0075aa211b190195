"""SIP and SIPS URIs (RFC 3261 §19.1, grammar in §25.1).

`SipUri.parse` reads what peers send and is tolerant where real equipment is odd.
`parse_gateway_uri` reads what a person types and refuses whatever we would not send as it stands.
"""

from __future__ import annotations

from callsphere.sip.uri.gateway import parse_gateway_uri
from callsphere.sip.uri.sip_uri import (
    SipUri,
    SipUriError,
    Transport,
    escape_param,
    escape_user,
    unescape,
)

__all__ = [
    "SipUri",
    "SipUriError",
    "Transport",
    "escape_param",
    "escape_user",
    "parse_gateway_uri",
    "unescape",
]
