"""The addresses that agents and routes lead calls to, read strictly.

Twilio dials them, and no service of ours. Numeric addresses are judged all the same: one inside a private
network can only be a mistake.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberFormat

from callsphere.lib.netguard import AddressPolicy, AddressRefused
from callsphere.sip.uri import SipUri, SipUriError
from tenants.services.editing import field_error
from trunks.number_format import NumberError, read_number

_TRANSPORTS = ("udp", "tcp", "tls")


def read_sip_uri(text: str) -> str:
    """Return the SIP URI of an agent as it will be dialled. Raises ValidationError on `sip_uri`."""
    try:
        uri = SipUri.parse(text.strip(" "))
    except SipUriError as error:
        example = "Write it such as sip:agent@sbc.example.com;transport=tls."
        raise field_error("sip_uri", f"{error} {example}", "uri_invalid") from None
    if uri.password is not None:
        raise field_error("sip_uri", "Enter user name and password in their own fields.", "uri_invalid")
    if uri.headers:
        raise field_error(
            "sip_uri", "Leave out everything from the ? on: we add headers of our own.", "uri_invalid"
        )
    wrong = [name for name, value in uri.params if name != "transport" or value not in _TRANSPORTS]
    if wrong:
        raise field_error("sip_uri", "Use no parameter but transport=tls, tcp or udp.", "uri_invalid")
    _check_numeric("sip_uri", uri.host)
    return str(uri)


def sip_target(uri: str) -> tuple[str, int | None, str]:
    """Return host, port and transport of a stored SIP URI: what a password is kept for."""
    read = SipUri.parse(uri)
    transport = dict(read.params).get("transport") or ("tls" if read.scheme == "sips" else "udp")
    return read.host.lower(), read.port, transport


def read_e164(field: str, text: str) -> str:
    """Return a person's number as E.164, "" for none. Raises ValidationError on `field`."""
    if not text.strip(" "):
        return ""
    try:
        return str(phonenumbers.format_number(read_number(text), PhoneNumberFormat.E164))
    except NumberError as error:
        raise field_error(field, str(error), "number_invalid") from None


def read_stream_url(text: str) -> str:
    """Return the address of a media stream as it will be dialled. Raises ValidationError on `stream_url`."""
    text = text.strip(" ")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _stream_error("This is no address.") from None
    if (
        parts.scheme.lower() != "wss"
        or not host
        or not text.isascii()
        or not text.isprintable()
        or " " in text
    ):
        raise _stream_error("This is no encrypted WebSocket address.")
    if parts.username is not None or parts.password is not None:
        raise _stream_error("Leave out user name and password: each call brings a signed token.")
    if "?" in text or "#" in text:
        # Twilio's <Stream> refuses a query
        raise _stream_error("Leave out ? and # and what follows: parameters travel beside the address.")
    _check_numeric("stream_url", host)
    return parts._replace(scheme="wss").geturl()


def _stream_error(why: str) -> Exception:
    return field_error(
        "stream_url", f"{why} Write it such as wss://agent.example.com:8084/calls.", "url_invalid"
    )


def _check_numeric(field: str, host: str) -> None:
    try:
        ip_address(host)
        AddressPolicy.from_strings(settings.NETGUARD_ALLOW).check(host)
    except ValueError:
        return  # a name
    except AddressRefused:
        words = f"{host} cannot be reached from the internet. Enter a public address, or a name."
        raise field_error(field, words, "address_refused") from None
