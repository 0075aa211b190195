"""The states of trunks and gateways in words that customers use.

Pure functions: numbers in, words out. Length of time is left to the page, which keeps it fresh.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from trunks.enums import HealthState, RegistrationState
from trunks.wording import sentence, told_code

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
    "tls_client_cert_rejected": "client certificate refused by {}",
    "tls_not_spoken": "no TLS spoken by {}",
}
_MIXED_DOWN = "no usable answer from {}"


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
class Gap:
    """What keeps calls from running although the gateways answer, and what to do about it.

    `code` is stable, for programs. `refusal` goes on after "Up, but"; `remedy` stands after it. `page` is the
    trunk's page where it is remedied, by the name of its tab's address.
    """

    code: str
    refusal: str
    remedy: str
    text: str
    page: str = "access"

    @property
    def title(self) -> str:
        """The refusal as a sentence of its own."""
        return sentence(self.refusal)

    @property
    def fix(self) -> str:
        """The remedy as a sentence of its own."""
        return f"{sentence(self.remedy)}."

    @property
    def tab(self) -> str:
        """The name of the page where it is remedied, as people read it."""
        return "Settings" if self.page == "edit" else self.page.capitalize()


NO_AUTHENTICATION = Gap(
    "no_authentication",
    "calls from the carrier are not recognised yet",
    "choose how",
    "Nothing says how this trunk recognises its carrier: by its addresses, by a user name and a password, or"
    " by a registration. No call from the carrier is accepted before one is chosen.",
    "edit",
)
NO_NETWORK = Gap(
    "no_network",
    "no call from the carrier is accepted yet",
    "add its addresses",
    "This trunk recognises the carrier by the addresses its calls come from, and that list is empty.",
)
NO_CREDENTIAL = Gap(
    "no_credential",
    "its calls are refused",
    "add the user name and password",
    "This trunk works with a user name and a password, and has none yet. Our checks do without them.",
)
PASSWORD_CLEARED = Gap(
    "password_cleared",
    "a password is missing",
    "enter it again",
    "It was cleared, because it had been entered for another address, realm or direction. Calls that need it"
    " are refused. Our checks do without it.",
)
PASSWORD_REJECTED = Gap(
    "password_rejected",
    "the carrier refuses its password",
    "enter it again",
    "The last readiness check that signed in was refused. Calls are refused alike, while pings, which need no"
    " password, are answered.",
)
NO_REGISTRATION = Gap(
    "no_registration",
    "it is not registered",
    "set up the registration",
    "The carrier sends calls to where this trunk registers, and it registers nowhere.",
    "registration",
)
# By the state in which a registration is without a binding.
UNREGISTERED = {
    RegistrationState.REGISTERING: Gap(
        "registering",
        "it is not registered yet",
        "this takes seconds",
        "Calls come in as soon as the carrier has accepted the registration.",
        "registration",
    ),
    RegistrationState.REJECTED: Gap(
        "registration_rejected",
        "the carrier refuses its registration",
        "see why",
        "Without a registration the carrier does not know where to send calls.",
        "registration",
    ),
    RegistrationState.UNREACHABLE: Gap(
        "registration_unreachable",
        "its registrar does not answer",
        "see why",
        "Without a registration the carrier does not know where to send calls.",
        "registration",
    ),
    RegistrationState.THROTTLED: Gap(
        "registration_throttled",
        "its registration has to wait",
        "the carrier asked for that",
        "Without a registration the carrier does not know where to send calls.",
        "registration",
    ),
    RegistrationState.EXPIRED: Gap(
        "registration_expired",
        "its registration has run out",
        "it is being made again",
        "It was not refreshed in time, so the carrier does not know where to send calls.",
        "registration",
    ),
    RegistrationState.PAUSED: Gap(
        "registration_paused",
        "its registration is paused",
        "resume it",
        "The carrier was told to forget this trunk, and sends no calls here.",
        "registration",
    ),
}
GAPS = {
    each.code: each
    for each in (
        NO_AUTHENTICATION,
        NO_NETWORK,
        NO_CREDENTIAL,
        PASSWORD_CLEARED,
        PASSWORD_REJECTED,
        NO_REGISTRATION,
        *UNREGISTERED.values(),
    )
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A state in words: `label` and, if `since` is set, how long; then `detail`.

    `joiner` stands between label and length of time ("Answering 503 for 9 min"). `gap` is set where the
    gateways answer and calls do not run: such a trunk is up, but not green. Nor is one that nobody looks at
    (`is_unchecked`), whatever it was, or one whose set-up was changed at the provider (`is_drifted`).
    """

    state: HealthState
    label: str
    detail: str = ""
    since: datetime | None = None
    joiner: str = ""
    gap: Gap | None = None
    is_unchecked: bool = False
    is_drifted: bool = False

    @property
    def looks(self) -> str:
        """The name of the looks: those of the state, unless something is missing."""
        return "warn" if self.gap or self.is_unchecked or self.is_drifted else self.state

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
    gap: Gap | None = None,
    under_way: bool = False,
) -> Headline:
    """Say a trunk's state in words; `under_way` says that its first check was asked for a moment ago.

    `since` is when it entered the state; `causes` are those of its gateways that are down, `statuses` the
    codes of those that answer with a server error. `gap` is told while nothing worse is the matter.
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
        if gap:
            return Headline(state, f"Up, but {gap.refusal}", gap.remedy, gap=gap)
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


def unchecked_headline(state: str, *, since: datetime) -> Headline:
    """Say that a check is overdue: the state is what it was, and nobody knows what it is now.

    `since` is when the last check was. The fault is ours: no worker looks.
    """
    known = HealthState(state)
    return Headline(
        known, "Not checked", f"{known.label.lower()} until then", since, "for", is_unchecked=True
    )


def verdict(
    counts: Mapping[str, int], *, unready: Mapping[str, int], unchecked: int = 0, drifted: int = 0
) -> Headline:
    """Answer "is my line working?" for all trunks together.

    `counts` says how many are in which state; `unready`, how many of those that are up have which gap;
    `unchecked`, for how many a check is overdue; `drifted`, how many of those that are up were changed at
    the provider, by which their calls go.
    """
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
    if unchecked:
        words = _lines(unchecked, watched, "not being checked")
        return Headline(HealthState.UNKNOWN, words, is_unchecked=True)
    if unready:
        return _unready_verdict(unready, watched)
    if drifted:
        was = "was" if drifted == 1 else "were"
        words = _lines(drifted, watched, f"up, but {was} changed at Twilio")
        return Headline(HealthState.UP, words, is_drifted=True)
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


def _unready_verdict(unready: Mapping[str, int], watched: int) -> Headline:
    count = sum(unready.values())
    gap = GAPS[next(iter(unready))]
    words = f"up, but {gap.refusal}" if watched == 1 else "up, but not ready for calls"
    return Headline(HealthState.UP, _lines(count, watched, words), gap=gap)


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
    told = {told_code(code) for code in causes}
    phrase = DOWN_PHRASES.get(next(iter(told)), _MIXED_DOWN) if len(told) == 1 else _MIXED_DOWN
    return phrase.format(_share(count, enabled))


def _share(count: int, total: int) -> str:
    return "the gateway" if total == 1 else f"{count} of {total} gateways"


def _all_gateways(total: int) -> str:
    return "the gateway is" if total == 1 else f"all {total} gateways are"


def _codes(statuses: Collection[int]) -> str:
    distinct = sorted({status for status in statuses if status})
    return str(distinct[0]) if len(distinct) == 1 else "server errors"
