"""Arguments that `sip check` and `sip register` share, and the plan that they make."""

from __future__ import annotations

import os
import re
import ssl
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.check.plan import Plan
from callsphere.sip.digest import Credentials
from callsphere.sip.ping_cli import PRIVATE_NETWORKS, Surroundings, Unusable
from callsphere.sip.session_timer import MIN_SE, TimerPolicy
from callsphere.sip.transport.tls import TlsTrust

PASSWORD_VARIABLE = "CALLSPHERE_SIP_PASSWORD"
TIMEOUT_S = 10.0
RING_TIMEOUT_S = 30.0
MAX_SECONDS = 2**31 - 1
MAX_WAIT_S = 3600.0
MAX_PASSWORD_BYTES = 4096

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_EMERGENCY = frozenset({"000", "110", "111", "112", "113", "118", "119", "911", "999"})
_SEPARATORS = re.compile(r"[\s().-]")


def add_peer_arguments(parser: ArgumentParser, *, username_required: bool = False) -> None:
    """Declare who is talked to, as whom, and how long is waited."""
    parser.add_argument("uri", metavar="URI", help="the trunk, such as sip:sip.example.com")
    parser.add_argument(
        "--username", metavar="U", required=username_required, help="user name at the carrier"
    )
    parser.add_argument(
        "--password-file",
        metavar="F",
        help=f"file with the password in its first line (else the variable {PASSWORD_VARIABLE})",
    )
    parser.add_argument("--auth-username", metavar="A", help="log-in name where it is not the user name")
    parser.add_argument("--realm", metavar="R", help="answer challenges of this realm only")
    parser.add_argument("--ca-file", metavar="F", help="certificates to trust besides the system's")
    parser.add_argument(
        "--resolver", metavar="HOST:PORT", type=_resolver, help="name server to ask instead of the system's"
    )
    parser.add_argument(
        "--allow-private", action="store_true", help="also contact loopback, private and CGNAT addresses"
    )
    parser.add_argument(
        "--timeout", metavar="S", type=_wait, help=f"longest wait for each answer (default {TIMEOUT_S:g} s)"
    )
    parser.add_argument("--trace", action="store_true", help="print every message as a ladder at the end")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def whole_seconds(least: int) -> Callable[[str], int]:
    """An argument type: whole seconds, at least so many."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= MAX_SECONDS:
            raise ArgumentTypeError(f"write whole seconds, at least {least}, not {text!r}")
        return int(text)

    return read


def wait_seconds(text: str) -> float:
    """An argument type: a wait in seconds."""
    return _wait(text)


def number(text: str) -> str:
    """An argument type: a telephone number or user name as it goes into a URI."""
    cleaned = text.strip().removeprefix("tel:")
    if cleaned.startswith("+"):
        cleaned = _SEPARATORS.sub("", cleaned)
    if not cleaned or _UNFIT.search(cleaned) or "@" in cleaned:
        raise ArgumentTypeError(f"write a number such as +14155550123, not {text!r}")
    return cleaned


def called_number(text: str) -> str:
    """An argument type: a number that a check may call."""
    cleaned = number(text)
    if is_emergency(cleaned):
        raise ArgumentTypeError("emergency numbers are never called by a check")
    return cleaned


def is_emergency(cleaned: str) -> bool:
    """Whether somebody would be sent out. In some countries, and so never called anywhere."""
    return _SEPARATORS.sub("", cleaned).lstrip("+") in _EMERGENCY


def plan_of(options: Mapping[str, Any], surroundings: Surroundings) -> Plan:
    """The plan that parsed options make; raise Unusable, which says what to change."""
    timeout = options.get("timeout")
    ring_timeout = options.get("ring_timeout") or timeout or RING_TIMEOUT_S
    resolver = options.get("resolver")
    return Plan(
        uri=str(options["uri"]),
        credentials=_credentials(options),
        username=options.get("username"),
        register=bool(options.get("register")),
        call=options.get("call"),
        caller=options.get("from_number"),
        timers=TimerPolicy(options.get("session_expires") or MIN_SE),
        expires=options.get("expires") or 300,
        refreshes=options.get("refreshes") or 0,
        keep=bool(options.get("keep")),
        timeout=timeout or TIMEOUT_S,
        ring_timeout=ring_timeout,
        policy=AddressPolicy.from_strings(PRIVATE_NETWORKS if options.get("allow_private") else ()),
        nameservers=[resolver] if resolver is not None else surroundings.nameservers,
        trust=_trust(options.get("ca_file") or surroundings.ca_file),
        advertised_host=surroundings.advertised_host,
        outbound_proxy=surroundings.outbound_proxy,
    )


def _credentials(options: Mapping[str, Any]) -> Credentials | None:
    username = options.get("username") or options.get("auth_username")
    password = _password(options.get("password_file"))
    if password is None:
        return None
    if not username:
        if options.get("password_file") is not None:
            raise Unusable("A password needs a user name beside it: add --username.")
        return None  # a variable left over in the environment is no reason to refuse work
    try:
        return Credentials(username, password, options.get("auth_username"), options.get("realm"))
    except ValueError as error:
        raise Unusable(str(error)) from None


def _password(path: str | None) -> str | None:
    if path is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_PASSWORD_BYTES + 1)
        lines = data.decode("utf-8").splitlines()
    except OSError as error:
        raise Unusable(f"The password file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unusable("The password file is no UTF-8 text.") from None
    if len(data) > MAX_PASSWORD_BYTES or not lines or not lines[0]:
        raise Unusable("The password file must hold the password in its first line, and nothing else.")
    return lines[0]


def _trust(ca_file: str | None) -> TlsTrust:
    try:
        return TlsTrust(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"The file of trusted certificates cannot be read: {error}.") from None


def _resolver(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or host.startswith("[") != host.endswith("]") or (":" in host and "[" not in host):
        host, port = text, "53"
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = str(ip_address(host))
    except ValueError:
        raise ArgumentTypeError(
            f"write a numeric address and a port, as in 127.0.0.1:53, not {text!r}"
        ) from None
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ArgumentTypeError(f"write a port from 1 to 65535 after the colon, not {port!r}")
    return address, int(port)


def _wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_WAIT_S:
        raise ArgumentTypeError(f"write seconds as a positive number up to {MAX_WAIT_S:g}, not {text!r}")
    return seconds
