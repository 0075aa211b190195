"""Reading the address of a gateway as a person types it (RFC 3261 §19.1, narrowed).

Whatever we would not send as it stands is refused with a sentence that says what to change.
"""

from __future__ import annotations

import ipaddress
import re

from callsphere.lib.netguard import port_refused
from callsphere.sip.uri.sip_uri import SipUri, SipUriError, is_ipv4, quotable


def parse_gateway_uri(text: str, *, transport: str | None = None) -> SipUri:
    """Read the address of a gateway strictly; `str()` of the result is what will be sent.

    Only scheme, host, port and `;transport=` are taken. `transport` is the choice made beside the
    address (udp, tcp or tls); it must not contradict it. Raises SipUriError with a sentence that
    says what to change.
    """
    scheme, rest = _gateway_scheme(text)
    rest, semicolon, param_text = rest.partition(";")
    named = _gateway_transport(param_text) if semicolon else None
    chosen = _agreed_transport(scheme, named, transport)
    if rest.startswith("["):
        host, port_text = _gateway_ipv6(rest)
    else:
        if rest.count(":") > 1:
            raise SipUriError(
                f"Put an IPv6 address in brackets: {scheme}:[2001:db8::1] or {scheme}:[2001:db8::1]:5060."
            )
        name, colon, digits = rest.partition(":")
        host, port_text = _gateway_host(name, scheme), digits if colon else None
    port = None if port_text is None else _gateway_port(port_text)
    params = (("transport", chosen),) if chosen is not None and scheme == "sip" else ()
    return SipUri(scheme, None, None, host, port, params)


def _gateway_scheme(text: str) -> tuple[str, str]:
    """Check what must hold for the whole text, then split the scheme off."""
    _check_characters(text)
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme not in ("sip", "sips") or not colon:
        raise SipUriError(_scheme_advice(text, scheme, rest))
    if rest.startswith("//"):
        raise SipUriError(f"Leave out the slashes: write {scheme}:host, not {scheme}://host.")
    if "@" in rest:
        raise SipUriError(f"Leave out the user part: write {scheme}:host instead of {scheme}:user@host.")
    if "?" in rest:
        raise SipUriError("Leave out everything from the ? on: a gateway address has no headers part.")
    if "%" in rest:
        raise SipUriError("Leave out % signs: neither escapes nor IPv6 zone names can be used here.")
    if not rest:
        raise SipUriError(f"Add the carrier's host after {scheme}:, for example {scheme}:sip.example.com.")
    return scheme, rest


def _check_characters(text: str) -> None:
    """Refuse what can stand nowhere in an address."""
    if not text:
        raise SipUriError("Enter the carrier's SIP address, for example sip:sip.example.com.")
    if len(text) > 300:
        raise SipUriError("The address is too long: a host name has at most 253 characters.")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise SipUriError("Remove spaces, line breaks and invisible characters from the address.")
    if not text.isascii():
        raise SipUriError(
            "Write the address in plain ASCII letters and digits. "
            "A domain with other letters has an ASCII form that starts with xn--: use that."
        )
    if "<" in text or ">" in text or '"' in text:
        raise SipUriError("Leave out quotes and angle brackets: write sip:host, not <sip:host>.")


def _scheme_advice(text: str, scheme: str, rest: str) -> str:
    """What to tell somebody whose address does not start with sip: or sips:."""
    after_colon = rest.partition(";")[0]
    if rest.startswith("//") or scheme in ("tel", "http", "https", "mailto", "h323"):
        return f"Start the address with sip: or sips: instead of {scheme}:, for example sip:sip.example.com."
    if re.fullmatch(r"[a-z0-9.-]+(;.*)?", scheme) and (not after_colon or after_colon.isdigit()):
        return f"Start the address with sip: or sips:. Write sip:{text} instead of {text}."
    return "Start the address with sip: or sips:, for example sip:sip.example.com."


def _gateway_transport(param_text: str) -> str:
    """Read the only parameter that is taken, `transport`."""
    name, _, value = param_text.partition("=")
    if name.lower() != "transport" or ";" in value:
        raise SipUriError(
            "Only ;transport=udp, ;transport=tcp or ;transport=tls may follow the host: "
            "leave out other parameters."
        )
    if value.lower() not in ("udp", "tcp", "tls"):
        raise SipUriError(f"Choose udp, tcp or tls as the transport, not {quotable(value) or 'nothing'}.")
    return value.lower()


def _agreed_transport(scheme: str, named: str | None, beside: str | None) -> str | None:
    """The transport that scheme, parameter and the choice beside them agree on."""
    if beside is not None and beside not in ("udp", "tcp", "tls"):
        raise SipUriError(f"Choose udp, tcp or tls as the transport, not {quotable(beside)}.")
    if scheme == "sips":
        # RFC 3261 §26.2.2: sips means TLS to the host; ";transport=tcp" there names what TLS runs on.
        if named == "udp" or beside in ("udp", "tcp"):
            raise SipUriError(
                "sips: always means TLS: choose tls as the transport, or write sip: instead of sips:."
            )
        return "tls"
    if named is not None and beside is not None and named != beside:
        raise SipUriError(
            f"The address says ;transport={named}, but {beside} is chosen: leave out ;transport={named} "
            f"or choose {named}."
        )
    return named or beside


def _gateway_ipv6(rest: str) -> tuple[str, str | None]:
    """Split `[address]` or `[address]:port`; the address comes back in its shortest form."""
    literal, bracket, tail = rest[1:].partition("]")
    try:
        address = ipaddress.IPv6Address(literal)
    except ValueError:
        address = None
    if not bracket or address is None:
        raise SipUriError("What stands in the brackets is no IPv6 address: write it like sip:[2001:db8::1].")
    if address.ipv4_mapped is not None:
        raise SipUriError(f"Write the IPv4 address itself: sip:{address.ipv4_mapped}.")
    if tail and not tail.startswith(":"):
        raise SipUriError(
            "After the closing bracket only a colon and a port may follow: sip:[2001:db8::1]:5060."
        )
    return str(address), tail[1:] if tail else None


def _gateway_host(name: str, scheme: str) -> str:
    """Check a host name or IPv4 address; names come back in lower case without a trailing dot."""
    labels = name.lower().split(".")
    if len(labels) > 1 and not labels[-1] and not _looks_numeric(labels[-2]):
        labels.pop()
    host = ".".join(labels)
    if not host:
        raise SipUriError(f"Add the carrier's host after {scheme}:, for example {scheme}:sip.example.com.")
    if _looks_numeric(labels[-1] or labels[-2]):
        if not is_ipv4(host):
            raise SipUriError(
                "Write an IPv4 address as four decimal numbers from 0 to 255 without leading zeros, "
                "like 203.0.113.5."
            )
        return host
    if labels[0].startswith("_"):
        raise SipUriError(
            f"Leave out the labels with an underscore: write {scheme}:example.com; "
            "the SRV records of that name are looked up by themselves."
        )
    if len(host) > 253 or any(not 0 < len(label) < 64 for label in labels):
        raise SipUriError(
            "Check the dots in the host name: each part has 1 to 63 characters, all together 253."
        )
    for label in labels:
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", label):
            raise SipUriError(
                f"{quotable(label)} cannot be part of a host name: "
                "use letters, digits and, between them, hyphens."
            )
    return host


def _gateway_port(digits: str) -> int:
    """Check a port typed by a person."""
    if not digits:
        raise SipUriError("Write the port after the colon, or leave the colon out.")
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 0 < int(digits) < 65536:
        raise SipUriError(f"The port must be a number between 1 and 65535, not {quotable(digits)}.")
    port = int(digits)
    if port_refused(port):
        raise SipUriError(
            f"Port {port} belongs to another service and is never contacted: use the carrier's SIP port, "
            "mostly 5060, or 5061 for TLS."
        )
    return port


def _looks_numeric(label: str) -> bool:
    """Whether a resolver could take a name ending in this label for a number (WHATWG URL, host parsing)."""
    return label.isdigit() or re.fullmatch(r"0x[0-9a-f]*", label) is not None
