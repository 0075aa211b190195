"""Which way of connecting fits: three answers in, one recommendation with its reason out. A pure function."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import TextChoices

from trunks.enums import Authentication

OFFERS = (Authentication.IP_ALLOWLIST, Authentication.DIGEST, Authentication.REGISTRATION)


class Address(TextChoices):
    """Whether the place that answers calls keeps its public address."""

    STATIC = "static", "Yes, it never changes"
    CHANGES = "changes", "No, it changes"
    UNSURE = "unsure", "I do not know"


class Answers(TextChoices):
    """Who hosts the SIP endpoint that answers calls."""

    CALLSPHERE = "callsphere", "CallSphere"
    OWN = "own", "Our own PBX or SBC"


class Method(TextChoices):
    """What is recommended."""

    STATIC_URI = "static_uri", "A fixed SIP URI over TLS, with allowlists on both ends"
    DIGEST = "digest", "User name and password for each call (digest)"
    REGISTER = "register", "Registration (REGISTER)"


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation: why, and what stands in its way (sentences; `caution` may be empty)."""

    method: Method
    reason: str
    caution: str = ""

    @property
    def authentication(self) -> list[Authentication]:
        """What the connect form is filled in with."""
        return {
            Method.STATIC_URI: [Authentication.IP_ALLOWLIST],
            Method.DIGEST: [Authentication.DIGEST],
            Method.REGISTER: [Authentication.REGISTRATION],
        }[self.method]


def advise(address: Address, answers: Answers, offers: Collection[Authentication]) -> Advice:
    """Return which way to connect. `offers` is what the carrier can do; empty means that nobody knows.

    A fixed address is simplest: nothing expires, and nobody has a password to lose. A registration is needed
    only where the carrier could not otherwise know where calls go (RFC 3261 §10.1).
    """
    if answers == Answers.CALLSPHERE or address == Address.STATIC:
        return _reachable(answers, offers)
    return _moving(address, offers)


def _reachable(answers: Answers, offers: Collection[Authentication]) -> Advice:
    where = (
        "CallSphere answers at fixed addresses" if answers == Answers.CALLSPHERE else "Your address is fixed"
    )
    if Authentication.IP_ALLOWLIST in offers or not offers:
        return Advice(
            Method.STATIC_URI,
            f"{where}, so your carrier can send calls straight there, encrypted, and let in calls from there."
            " Nothing expires, and there is no password to lose.",
            "" if offers else "Ask whether your carrier takes a SIP URI and an allowlist. Many do.",
        )
    if Authentication.DIGEST in offers:
        return Advice(
            Method.DIGEST,
            f"{where}, but your carrier does not go by addresses. It asks for a user name and a password"
            " at each call. Calls to you go to the fixed SIP URI.",
        )
    return Advice(
        Method.REGISTER,
        f"{where}, but your carrier knows customers by their registration alone. We sign in, refresh it"
        " before it expires, and tell you when it is lost.",
        "Ask it for a SIP URI with an allowlist: a registration can be lost, a fixed address cannot.",
    )


def _moving(address: Address, offers: Collection[Authentication]) -> Advice:
    what = "changes" if address == Address.CHANGES else "may change"
    if Authentication.REGISTRATION in offers or not offers:
        return Advice(
            Method.REGISTER,
            f"Your address {what}, so your carrier must be told again and again where calls go. That is"
            " what a registration does.",
            "" if offers else "Ask whether your carrier takes registrations, or get a fixed address.",
        )
    if Authentication.DIGEST in offers:
        return Advice(
            Method.DIGEST,
            f"Your address {what}. A user name and a password work from anywhere, for calls that you make.",
            "Calls to you cannot find a moving address: let CallSphere answer them.",
        )
    return Advice(
        Method.STATIC_URI,
        "Your carrier goes by addresses alone, so the calls must come from one that stays.",
        f"Your address {what}: let CallSphere answer, or get a fixed address, before you connect.",
    )
