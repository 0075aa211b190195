"""What to try with the sandbox carriers, and what one should see: the commands of docs/sandbox.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from callsphere.local.sandbox.carriers import (
    CARRIERS,
    NAMES_PORT,
    NOTHING_PORT,
    PASSWORD,
    USERNAME,
    Carrier,
    Listener,
)

HOST = "127.0.0.1"
CA_FILE = ".local/sandbox/ca.pem"
NUMBER = "100"
PASSWORD_LINE = f"export CALLSPHERE_SIP_PASSWORD={PASSWORD}"
_CALL = f"--call {NUMBER}"
_USER = f"--username {USERNAME}"
_RESOLVER = f"--resolver {HOST}:{{names}}"
_MUTE_RESOLVER = f"--resolver {HOST}:{{mute}}"

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and the verdict and cause that it shows.

    `carrier` is the name of one in CARRIERS. Without one, `uri` is whom the command is about and
    `plays` what that is. With a verdict of pass, a cause is one that a step or an attempt notes.
    """

    carrier: str
    options: str
    verdict: Verdict
    cause: str | None = None
    tool: Literal["check", "register"] = "check"
    uri: str = ""
    plays: str = ""
    private: bool = True

    def command(self, first_port: int, listener: Listener | None) -> str:
        """The words after `sip` on the command line."""
        uri = self.uri or uri_of(first_port, listener)
        words = [self.tool, uri, *(["--allow-private"] if self.private else []), self.options]
        if listener is not None and listener.transport == "tls":
            words.append(f"--ca-file {CA_FILE}")
        return " ".join(word for word in words if word).format_map(_ports(first_port))

    @property
    def listeners(self) -> tuple[Listener | None, ...]:
        """Where the carrier can be asked; once without a carrier."""
        return CARRIERS_BY_NAME[self.carrier].listeners if self.carrier else (None,)


CARRIERS_BY_NAME: dict[str, Carrier] = {carrier.name: carrier for carrier in CARRIERS}


def _ports(first_port: int) -> dict[str, int]:
    """The ports that commands name beside their carrier's own."""
    offsets = {"names": NAMES_PORT, "nothing": NOTHING_PORT}
    offsets |= {name.replace(" ", "_"): each.listeners[0].offset for name, each in CARRIERS_BY_NAME.items()}
    return {name: first_port + offset for name, offset in offsets.items()}


def uri_of(first_port: int, listener: Listener | None) -> str:
    """The address of a carrier's port, quoted for a shell where it has a transport."""
    if listener is None:
        raise ValueError("A case needs a carrier or a URI.")
    address = f"sip:{HOST}:{first_port + listener.offset}"
    return address if listener.transport == "udp" else f'"{address};transport={listener.transport}"'


def _codes() -> Iterator[Case]:
    for code, verdict, cause in (
        ("302", "fail", "redirected"),
        ("402", "fail", "payment_required"),
        ("404", "fail", "number_not_found"),
        ("420", "fail", "extension_required"),
        ("480", "fail", "call_not_answered"),
        ("482", "fail", "loop_detected"),
        ("484", "fail", "number_incomplete"),
        ("486", "warn", "busy"),
        ("488", "fail", "media_rejected"),
        ("499", "fail", "unexpected_answer"),
        ("500", "fail", "carrier_error"),
        ("503", "fail", "carrier_overloaded"),
        ("603", "fail", "declined"),
    ):
        yield Case("codes", f"--call {code}", verdict, cause)  # type: ignore[arg-type]  # literals above


REACHING = (
    Case("healthy", "", "pass"),
    Case("healthy", _CALL, "pass"),
    Case("healthy", f"{_CALL} --register {_USER}", "pass"),
    Case("", _CALL, "fail", "uri_invalid", uri=f"sip:{HOST}:99999", plays="no usable address"),
    Case(
        "",
        _CALL,
        "fail",
        "address_refused",
        uri=f"sip:{HOST}:{{healthy}}",
        plays="a private address, without --allow-private",
        private=False,
    ),
    Case("", f"{_CALL} {_RESOLVER}", "pass", uri="sip:good.sandbox.test", plays="a name with SRV records"),
    Case(
        "",
        f"{_CALL} {_RESOLVER}",
        "warn",
        "connect_refused",
        uri="sip:half.sandbox.test",
        plays="a name whose first target is dead",
    ),
    Case(
        "",
        _RESOLVER,
        "fail",
        "dns_not_found",
        uri="sip:nowhere.sandbox.test",
        plays="a name that is not there",
    ),
    Case(
        "",
        _RESOLVER,
        "fail",
        "dns_srv_broken",
        uri="sip:broken.sandbox.test",
        plays="a name whose SRV record leads nowhere",
    ),
    Case(
        "",
        f"{_MUTE_RESOLVER} --timeout 2",
        "fail",
        "dns_timeout",
        uri="sip:good.sandbox.test",
        plays="a name server that does not answer",
    ),
    Case("", "", "fail", "connect_refused", uri=f"sip:{HOST}:{{nothing}}", plays="a port with nobody behind"),
    Case("full", "--timeout 2", "fail", "connect_timeout"),
    Case("hangs up", "", "fail", "connection_closed"),
    Case("mute", f"{_CALL} --timeout 2", "fail", "no_answer"),
    Case("web server", "--timeout 2", "fail", "malformed_answer"),
    Case(
        "",
        "",
        "fail",
        "tls_not_spoken",
        uri=f'"sip:{HOST}:{{web_server}};transport=tls"',
        plays="TLS at a port without it",
    ),
    Case("expired certificate", "", "fail", "tls_expired"),
    Case("early certificate", "", "fail", "tls_not_yet_valid"),
    Case("late certificate", _CALL, "warn", "tls_expires_soon"),
    Case("other name", "", "fail", "tls_name_mismatch"),
    Case("self-signed", "", "fail", "tls_untrusted"),
    Case("old TLS", "", "fail", "tls_version"),
    Case("client certificate", "", "fail", "tls_client_cert_required"),
)

SIGNING_IN = (
    Case("digest", f"{_CALL} --register {_USER}", "pass"),
    Case("digest", f"{_USER} --refreshes 2", "pass", tool="register"),
    Case("digest", _CALL, "fail", "credentials_missing"),
    Case("digest", f"{_CALL} --username somebody", "fail", "credentials_rejected"),
    Case("digest", f"{_CALL} {_USER} --realm elsewhere", "fail", "realm_mismatch"),
    Case("one-time nonces", f"{_USER} --refreshes 2", "pass", tool="register"),
    Case("wrong digest", f"{_CALL} {_USER}", "fail", "credentials_rejected"),
    Case("wrong digest", _USER, "fail", "credentials_rejected", "register"),
    Case("strange digest", f"{_CALL} {_USER}", "fail", "digest_unsupported"),
    Case("strange digest", _USER, "fail", "digest_unsupported", "register"),
    Case("broken digest", f"{_CALL} {_USER}", "fail", "challenge_malformed"),
    Case("broken digest", _USER, "fail", "challenge_malformed", "register"),
    Case("always stale", f"{_CALL} {_USER}", "fail", "challenge_loop"),
    Case("always stale", _USER, "fail", "challenge_loop", "register"),
    Case("address list", _CALL, "fail", "ip_not_allowed"),
    Case("address list", _USER, "fail", "ip_not_allowed", "register"),
    Case("long registrations", f"{_USER} --expires 300", "pass", "registration_too_brief", "register"),
    Case("long registrations", f"--register {_USER}", "pass", "registration_too_brief"),
    Case("forgetful registrar", _USER, "fail", "registration_not_kept", "register"),
    Case("no registrar", _USER, "fail", "registration_rejected", "register"),
)

CALLING = (
    *_codes(),
    Case("overloaded", _CALL, "fail", "carrier_overloaded"),
    Case("rings on", f"{_CALL} --ring-timeout 2", "fail", "call_not_answered"),
    Case("other codec", _CALL, "fail", "sdp_no_common_codec"),
    Case("SRTP only", _CALL, "fail", "sdp_encryption_mismatch"),
    Case("no SDP", _CALL, "fail", "sdp_missing"),
    Case("behind NAT", _CALL, "fail", "contact_unusable"),
    Case("deaf to ACK", _CALL, "fail", "ack_not_received"),
    Case("long sessions", _CALL, "pass"),
    Case("longer sessions", _CALL, "fail", "session_interval_loop"),
    Case("no session timer", _CALL, "warn", "session_timer_absent"),
    Case("drops", _CALL, "fail", "call_dropped"),
    Case("no hold", _CALL, "fail", "hold_rejected"),
    Case("hold ignored", _CALL, "warn", "hold_not_honoured"),
    Case("hold kills", _CALL, "fail", "hold_kills_call"),
    Case("no refresh", _CALL, "fail", "refresh_rejected"),
    Case("broken route", _CALL, "fail", "route_broken"),
    Case("no BYE", _CALL, "warn", "bye_rejected"),
)

PARTS = {"Reaching a carrier": REACHING, "Signing in": SIGNING_IN, "Calling": CALLING}
CASES = tuple(case for cases in PARTS.values() for case in cases)
