"""Answers, addresses, policies and messages in words that customers use.

Pure functions: numbers in, words out. Length of time is left to the page, which keeps it fresh.
"""

from __future__ import annotations

import ipaddress
import textwrap
from collections.abc import Collection
from datetime import datetime

from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.uri import SipUri
from trunks.enums import Authentication, Direction, ProvisionState

# A refused address is told in the words of a name that does not resolve, so that nobody can use
# us to find out what stands inside our network.
_TOLD_AS = {"address_refused": "dns_not_found"}


def sentence(words: str) -> str:
    """Return the words with a capital letter in front."""
    return words[:1].upper() + words[1:]


def told_code(code: str) -> str:
    """Return the code of the cause that tenants are told for a stored one."""
    return _TOLD_AS.get(code, code)


def told_cause(code: str) -> Cause | None:
    """Return the dictionary's entry for a stored cause, as tenants are told it; None where nothing failed."""
    return CAUSES.get(told_code(code))


def is_withheld(code: str) -> bool:
    """Whether a cause's details (the address and why it was refused) stay with us."""
    return code in _TOLD_AS


def is_withheld_alike(code: str) -> bool:
    """Whether a cause is a withheld one, or what such a one is told as: their details must look the same."""
    return is_withheld(code) or code in _TOLD_AS.values()


def answer_line(status: int | None, reason: str = "", cause: str = "") -> str:
    """Say what one check met with: "200 OK", "503 Service Unavailable", "No answer"."""
    if status:
        return f"{status} {reason}".strip()
    told = told_cause(cause)
    if told is None:
        return "Not checked yet"
    if told.code == "no_answer":
        return "No answer"
    return told.title


def policy_sentences(interval_s: int, failures_to_down: int, successes_to_up: int) -> list[str]:
    """Say what a health policy means, one sentence for each of its numbers."""
    silence = about(interval_s * failures_to_down)
    failed = (
        "the first failed check" if failures_to_down == 1 else f"{failures_to_down} failed checks in a row"
    )
    back = "the first answer" if successes_to_up == 1 else f"{successes_to_up} answers in a row"
    return [
        f"Every {about(interval_s)} we ask each gateway whether it is alive.",
        f"Down after about {silence} of silence: {failed}.",
        f"Up again after {back}, about {about(interval_s * successes_to_up)}.",
    ]


def about(seconds: int) -> str:
    """Write a length of time in one unit, which stays on the line of its number: "90 s", "5 min", "2 h"."""
    if seconds < 120:
        return f"{seconds}\N{NO-BREAK SPACE}s"
    if seconds < 7200:
        return f"{round(seconds / 60)}\N{NO-BREAK SPACE}min"
    return f"{round(seconds / 3600)}\N{NO-BREAK SPACE}h"


def address_sentences(uri: SipUri) -> list[str]:
    """Say how a gateway's address is found and what carries the messages, before anything is sent."""
    port = uri.port or (5061 if uri.transport == "tls" else 5060)  # RFC 3261 §19.1.2
    is_number = _is_ip(uri.host)
    if is_number:
        where = f"Sent straight to {uri.host}, port {port}."
    elif uri.port:
        where = f"The address of {uri.host} is looked up in DNS; the port is {port}."
    else:
        where = f"{uri.host} is looked up in DNS, service records (SRV) first. Without them: port {port}."
    if uri.transport == "tls":
        how = f"Encrypted with TLS. The carrier's certificate must be for {uri.host}."
    elif not is_number and not uri.port and not uri.params:
        how = "Over UDP unless the carrier's DNS prefers another transport; encrypted only with TLS."
    else:
        how = f"Over {uri.transport.upper()}, not encrypted."
    return [where, how]


def carrier_message(
    uris: Collection[str],
    *,
    cause: Cause,
    answer: str,
    targets: Collection[str] = (),
    sources: Collection[str] = (),
    since: datetime | None = None,
) -> str:
    """Write the message that a customer sends to the carrier about gateways that failed for one cause."""
    opening = f"our SIP checks (OPTIONS) to {' and '.join(uris)} fail. {cause.meaning}"
    lines = ["Hello,", "", *textwrap.wrap(opening, 64, break_on_hyphens=False), ""]
    if since:
        lines.append(f"Since: {since:%Y-%m-%d %H:%M:%S} UTC")
    lines.append(f"Result: {answer}")
    if targets:
        lines.append(f"Tried: {', '.join(targets)}")
    if sources:
        lines.append(f"We send from: {', '.join(sources)}")
    return "\n".join([*lines, "", f"Could you look into it? {cause.title}.", "Thank you."])


def authentication_words(methods: Collection[str], *, short: bool = False) -> str:
    """Name how carrier and trunk know each other: "IP allowlist, digest"; empty when nothing is chosen."""
    names = {
        Authentication.IP_ALLOWLIST: "IP allowlist",
        Authentication.DIGEST: "digest" if short else "user name and password",
        Authentication.REGISTRATION: "registration",
    }
    return sentence(", ".join(label for value, label in names.items() if value in methods))


def direction_words(direction: str) -> str:
    """Say which way calls go, short: "Both ways", "Inbound", "Outbound"."""
    return Direction(direction).label.partition(":")[0]


_WAITING = {
    ProvisionState.PLANNED: "A plan waits to be applied at Twilio",
    ProvisionState.DRIFTED: "Something was changed at Twilio",
    ProvisionState.FAILED: "Twilio could not be brought in step",
}


def provider_words(state: str | None) -> str:
    """Say what about a trunk at the provider waits for somebody, by a ProvisionState; "" for nothing."""
    return _WAITING.get(ProvisionState(state), "") if state else ""


def percent_words(percent: float | None) -> str:
    """Write an availability: "100 %" only when nothing failed, "99.9 %" below, a dash for nothing known."""
    if percent is None:
        return "\N{EN DASH}"
    if percent >= 100:
        return "100 %"
    return f"{int(percent * 10) / 10:.1f} %"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_DIFFERENCES = {
    "add_network": "Accept calls from {}",
    "remove_network": "Stop accepting calls from {}",
    "move_gateway": "Call another host instead of {}",
}
_NUMBER_FIELDS = {
    "dial_format": "Write called numbers another way",
    "caller_id_format": "Write your number another way",
    "sends_asserted_identity": "Change whether P-Asserted-Identity is sent",
}


def difference_words(kind: str, subject: str) -> str:
    """Say what taking over a difference from the carrier's facts does (`preset_drift.Line`)."""
    if kind in _DIFFERENCES:
        return _DIFFERENCES[kind].format(subject)
    return _NUMBER_FIELDS.get(subject, subject.replace("_", " ").capitalize())
