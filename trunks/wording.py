"""The states of trunks and gateways in words that customers use.

Pure functions: numbers in, words out. Length of time is left to the page, which keeps it fresh.
"""

from __future__ import annotations

import ipaddress
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.uri import SipUri
from trunks.enums import Authentication, Direction, HealthState

# What a headline says of gateways that are down for one common cause; {} is "2 of 2 gateways".
DOWN_PHRASES = {
    "uri_invalid": "address of {} is not usable",
    "dns_not_found": "host name of {} not found",
    "dns_timeout": "host name of {} could not be looked up",
    "dns_srv_broken": "DNS of {} points to nothing",
    "connect_refused": "connection refused by {}",
    "connect_timeout": "no connection to {}",
    "connection_closed": "connection closed by {}",
    "no_answer": "no answer from {}",
    "malformed_answer": "unreadable answer from {}",
    "tls_expired": "certificate of {} has expired",
    "tls_not_yet_valid": "certificate of {} is not valid yet",
    "tls_name_mismatch": "certificate of {} is for another name",
    "tls_untrusted": "certificate of {} is not trusted",
    "tls_version": "no TLS version in common with {}",
    "tls_client_cert_required": "client certificate demanded by {}",
    "tls_not_spoken": "no TLS spoken by {}",
}
_MIXED_DOWN = "no usable answer from {}"

# A refused address is told in the words of a name that does not resolve, so that nobody can use
# us to find out what stands inside our network.
_TOLD_AS = {"address_refused": "dns_not_found"}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a trunk's gateways are in which state. `total` counts the switched-off ones too."""

    total: int = 0
    enabled: int = 0
    up: int = 0
    impaired: int = 0
    down: int = 0

    @property
    def unknown(self) -> int:
        """Enabled gateways that were not looked at yet."""
        return self.enabled - self.up - self.impaired - self.down


@dataclass(frozen=True, slots=True)
class Headline:
    """A state in words: `label` and, if `since` is set, how long; then `detail`.

    `joiner` stands between label and length of time ("Answering 503 for 9 min").
    """

    state: HealthState
    label: str
    detail: str = ""
    since: datetime | None = None
    joiner: str = ""

    @property
    def lead(self) -> str:
        """What stands before the length of time."""
        return f"{self.label} {self.joiner}".strip()

    def text(self, lasting: str = "") -> str:
        """Return it as one line of plain text; `lasting` is the length of time in words."""
        line = f"{self.lead} {lasting}" if lasting else self.label
        return f"{line} · {self.detail}" if self.detail else line


def trunk_state(tally: Tally, *, is_enabled: bool = True) -> HealthState:
    """Return a trunk's state: down when none answers, impaired when some are in trouble, else up.

    Gateways that were never looked at count for nothing until they are.
    """
    if not is_enabled or (tally.total and not tally.enabled):
        return HealthState.PAUSED
    if tally.up + tally.impaired + tally.down == 0:
        return HealthState.UNKNOWN
    if tally.up + tally.impaired == 0:
        return HealthState.DOWN
    if tally.impaired + tally.down:
        return HealthState.IMPAIRED
    return HealthState.UP


def trunk_headline(
    tally: Tally,
    *,
    is_enabled: bool = True,
    since: datetime | None = None,
    causes: Collection[str] = (),
    statuses: Collection[int] = (),
    under_way: bool = False,
) -> Headline:
    """Say a trunk's state in words; `under_way` says that its first check was asked for a moment ago.

    `since` is when it entered the state; `causes` are those of its gateways that are down, `statuses` the
    codes of those that answer with a server error.
    """
    state = trunk_state(tally, is_enabled=is_enabled)
    if state == HealthState.PAUSED:
        reason = "not checked" if not is_enabled else f"{_all_gateways(tally.total)} switched off"
        return Headline(state, "Paused", reason)
    if state == HealthState.UNKNOWN:
        return Headline(state, *_unknown(tally, under_way=under_way))
    if state == HealthState.DOWN:
        return Headline(state, "Down", _down(tally.down, tally.enabled, causes), since)
    if state == HealthState.UP:
        return Headline(state, "Up", _up(tally))
    if not tally.up and not tally.down:
        detail = "" if tally.enabled == 1 else _share(tally.impaired, tally.enabled)
        return Headline(state, f"Answering {_codes(statuses)}", detail, since, "for")
    parts = []
    if tally.down:
        parts.append(_down(tally.down, tally.enabled, causes))
    if tally.impaired:
        parts.append(f"{_codes(statuses)} from {_share(tally.impaired, tally.enabled)}")
    return Headline(state, "Impaired", ", ".join(parts), since)


def verdict(counts: Mapping[str, int]) -> Headline:
    """Answer "is my line working?" for all trunks together; `counts` says how many are in which state."""
    total = sum(counts.values())
    watched = total - counts.get(HealthState.PAUSED, 0)
    if not total:
        return Headline(HealthState.UNKNOWN, "Connect your first line")
    if not watched:
        return Headline(HealthState.PAUSED, "Your line is paused" if total == 1 else "All lines are paused")
    for state, words in ((HealthState.DOWN, "down"), (HealthState.IMPAIRED, "in trouble")):
        count = counts.get(state, 0)
        if count:
            return Headline(state, _lines(count, watched, words))
    if counts.get(HealthState.UP, 0) == watched:
        return Headline(HealthState.UP, _lines(watched, watched, "working"))
    if counts.get(HealthState.UP, 0):
        return Headline(HealthState.UP, f"{counts[HealthState.UP]} of {watched} lines are working")
    return Headline(HealthState.UNKNOWN, _lines(watched, watched, "not checked yet"))


def gateway_headline(
    state: str, *, since: datetime | None = None, status: int | None = None, under_way: bool = False
) -> Headline:
    """Say a gateway's state in words: "Up 3 d", "Answering 503 for 9 min", "Not checked yet"."""
    known = HealthState(state)
    if known == HealthState.UNKNOWN:
        return Headline(known, _first_check(under_way=under_way))
    if known == HealthState.IMPAIRED and status:
        return Headline(known, f"Answering {status}", "", since, "for")
    if known == HealthState.PAUSED:
        return Headline(known, "Paused")
    return Headline(known, known.label, "", since)


def told_cause(code: str) -> Cause | None:
    """Return the dictionary's entry for a stored cause, as tenants are told it; None where nothing failed."""
    return CAUSES.get(_TOLD_AS.get(code, code))


def is_withheld(code: str) -> bool:
    """Whether a cause's details (the address and why it was refused) stay with us."""
    return code in _TOLD_AS


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
    """Write a length of time in one unit: "90 s", "5 min", "2 h"."""
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


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


def needs_allowlist(methods: Collection[str], direction: str) -> bool:
    """Whether calls come in on this trunk only from networks on a list."""
    return Authentication.IP_ALLOWLIST in methods and direction != Direction.OUTBOUND


def needs_credential(methods: Collection[str]) -> bool:
    """Whether this trunk works only with a user name and a password."""
    return bool({Authentication.DIGEST, Authentication.REGISTRATION} & set(methods))


@dataclass(frozen=True, slots=True)
class Gap:
    """What keeps calls from running although the gateways answer, and what to do about it."""

    refusal: str
    remedy: str
    text: str

    @property
    def title(self) -> str:
        """The headline of a note about a trunk that is up."""
        return f"Up, but {self.refusal}: {self.remedy}"

    @property
    def label(self) -> str:
        """The start of a line beside the trunk's state."""
        return self.refusal[:1].upper() + self.refusal[1:]


NO_NETWORK = Gap(
    "no call from the carrier is accepted yet",
    "add its addresses",
    "This trunk recognises the carrier by the addresses its calls come from, and that list is empty.",
)
NO_CREDENTIAL = Gap(
    "its calls are refused",
    "add the user name and password",
    "This trunk works with a user name and a password, and has none yet. Our checks do without them.",
)


def gap(methods: Collection[str], direction: str, *, has_networks: bool, has_credentials: bool) -> Gap | None:
    """Return what is missing before calls run on a trunk; None when nothing is."""
    if needs_allowlist(methods, direction) and not has_networks:
        return NO_NETWORK
    if needs_credential(methods) and not has_credentials:
        return NO_CREDENTIAL
    return None


def authentication_words(methods: Collection[str], *, short: bool = False) -> str:
    """Name how carrier and trunk know each other: "IP allowlist, digest"; empty when nothing is chosen."""
    names = {
        Authentication.IP_ALLOWLIST: "IP allowlist",
        Authentication.DIGEST: "digest" if short else "user name and password",
        Authentication.REGISTRATION: "registration",
    }
    words = ", ".join(label for value, label in names.items() if value in methods)
    return words[:1].upper() + words[1:]


def direction_words(direction: str) -> str:
    """Say which way calls go, short: "Both ways", "Inbound", "Outbound"."""
    return Direction(direction).label.partition(":")[0]


def percent_words(percent: float | None) -> str:
    """Write an availability: "100 %" only when nothing failed, "99.9 %" below, a dash for nothing known."""
    if percent is None:
        return "–"  # noqa: RUF001
    if percent >= 100:
        return "100 %"
    return f"{int(percent * 10) / 10:.1f} %"


def _lines(count: int, total: int, words: str) -> str:
    if total == 1:
        return f"Your line is {words}"
    if count == total == 2:
        return f"Both lines are {words}"
    if count == total:
        return f"All {total} lines are {words}"
    return f"{count} of {total} lines {'is' if count == 1 else 'are'} {words}"


def _up(tally: Tally) -> str:
    if tally.enabled == 1:
        return "the gateway answers"
    words = f"{_share(tally.up, tally.enabled)} {'answers' if tally.up == 1 else 'answer'}"
    return f"{words}, {tally.unknown} not checked yet" if tally.unknown else words


def _first_check(*, under_way: bool) -> str:
    return "Being checked" if under_way else "Not checked yet"


def _unknown(tally: Tally, *, under_way: bool) -> tuple[str, str]:
    if not tally.total:
        return "No gateway yet", "add the carrier's address"
    return _first_check(under_way=under_way), "the first check takes seconds"


def _down(count: int, enabled: int, causes: Collection[str]) -> str:
    told = {_TOLD_AS.get(code, code) for code in causes}
    phrase = DOWN_PHRASES.get(next(iter(told)), _MIXED_DOWN) if len(told) == 1 else _MIXED_DOWN
    return phrase.format(_share(count, enabled))


def _share(count: int, total: int) -> str:
    return "the gateway" if total == 1 else f"{count} of {total} gateways"


def _all_gateways(total: int) -> str:
    return "the gateway is" if total == 1 else f"all {total} gateways are"


def _codes(statuses: Collection[int]) -> str:
    distinct = sorted({status for status in statuses if status})
    return str(distinct[0]) if len(distinct) == 1 else "server errors"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
