"""What to type at the carrier so that both ends agree: worked out from a trunk, or one about to be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from callsphere.sip.uri import SipUri
from trunks.enums import Authentication, Direction, NumberFormat

FORMAT_WORDS = {
    NumberFormat.E164_PLUS: "International with a leading +, such as +4930901820",
    NumberFormat.E164: "International without +, such as 4930901820",
    NumberFormat.INTERNATIONAL: "Country code after an international prefix, such as 004930901820",
    NumberFormat.NATIONAL: "As dialled inside the country, such as 030901820",
}
IP = Authentication.IP_ALLOWLIST
_SIGN_IN = {Authentication.DIGEST, Authentication.REGISTRATION}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to enter at the carrier. `copies` are the texts to paste; none where it is only a choice."""

    label: str
    copies: tuple[str, ...] = ()
    text: str = ""


def contact_of(advertised_host: str, sources: Sequence[str]) -> str:
    """Return the host that carriers send calls to: the advertised one, else our only single address, else "".

    `sources` are networks such as 203.0.113.10/32, or addresses.
    """
    singles = [source.removesuffix("/32").removesuffix("/128") for source in sources]
    singles = [address for address in singles if "/" not in address]
    host = advertised_host or (singles[0] if len(singles) == 1 else "")
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def carrier_side(
    *,
    direction: str,
    authentication: Collection[str],
    transports: Sequence[str],
    caller_id_format: str,
    sources: Sequence[str],
    contact: str,
) -> list[Item]:
    """Return what to enter at the carrier, in the order of its usual set-up page.

    `transports` are those of the trunk's gateways, the preferred first; `contact` is what `contact_of` found.
    """
    items = [_our_addresses(sources, by_address=IP in authentication or not authentication)]
    if direction != Direction.OUTBOUND:
        items.append(_calls_to_us(authentication, transports, contact))
    if transports:
        names = " or ".join(transport.upper() for transport in dict.fromkeys(transports))
        srtp = (
            " If it asks about SRTP, choose the same as on your agents' side." if "tls" in transports else ""
        )
        items.append(Item("Transport", text=f"{names}.{srtp}"))
    items.append(Item("Authentication", text=_authentication(authentication)))
    if direction != Direction.INBOUND:
        words = FORMAT_WORDS[NumberFormat(caller_id_format)]
        items.append(Item("Caller id that we send", text=f"{words}. It must be a number that you may show."))
    return items


def _our_addresses(sources: Sequence[str], *, by_address: bool) -> Item:
    label = "Our addresses, for its allowlist (“IP ACL”, “trusted IPs”)"
    if not sources:
        text = "Whoever runs this installation has not named them (SIP_SOURCE_ADDRESSES). Ask them."
        return Item(label, text=text)
    advice = "Add all of them, for signalling." if by_address else "Only where it asks for them."
    return Item(label, tuple(sources), advice)


def _calls_to_us(authentication: Collection[str], transports: Sequence[str], contact: str) -> Item:
    label = "Where it sends calls to you (“origination URI”, “SIP URI”)"
    if Authentication.REGISTRATION in authentication:
        text = "The registered user. Enter no address: our registration tells where we are (Contact)."
        return Item("Where it sends calls to you", text=text)
    if not contact:
        text = "Whoever runs this installation has not named the host (SIP_ADVERTISED_HOST). Ask them."
        return Item(label, text=text)
    transport = next(iter(transports), "")
    uri = str(SipUri.parse(f"sip:{contact}"))
    if transport in ("tls", "tcp"):
        uri += f";transport={transport}"
    return Item(label, (uri,), "Put the called number before the host, if it lets you: number@host.")


def _authentication(methods: Collection[str]) -> str:
    words = []
    if IP in methods:
        words.append("By IP address: our addresses above.")
    if Authentication.DIGEST in methods:
        words.append("User name and password for each call (digest): make them there, enter them here.")
    if Authentication.REGISTRATION in methods:
        words.append("Registration (REGISTER): make a user name and a password there, enter them here.")
    if methods and not _SIGN_IN & set(methods):
        words.append("No user name, no registration.")
    return " ".join(words) or "Nothing chosen yet: see what it offers."
