"""What is recommended, over all answers."""

from __future__ import annotations

from itertools import chain, combinations, product

import pytest

from trunks.carriers.advisor import OFFERS, Address, Answers, Method, advise
from trunks.enums import Authentication

IP, DIGEST, REGISTRATION = OFFERS
EVERY_OFFER = [
    frozenset(some) for some in chain.from_iterable(combinations(OFFERS, size) for size in range(4))
]

# What the carrier offers to the recommendation: for a place that stays, and for one that moves.
STAYS = {
    frozenset(): Method.STATIC_URI,
    frozenset({IP}): Method.STATIC_URI,
    frozenset({DIGEST}): Method.DIGEST,
    frozenset({REGISTRATION}): Method.REGISTER,
    frozenset({IP, DIGEST}): Method.STATIC_URI,
    frozenset({IP, REGISTRATION}): Method.STATIC_URI,
    frozenset({DIGEST, REGISTRATION}): Method.DIGEST,
    frozenset({IP, DIGEST, REGISTRATION}): Method.STATIC_URI,
}
MOVES = {
    frozenset(): Method.REGISTER,
    frozenset({IP}): Method.STATIC_URI,
    frozenset({DIGEST}): Method.DIGEST,
    frozenset({REGISTRATION}): Method.REGISTER,
    frozenset({IP, DIGEST}): Method.DIGEST,
    frozenset({IP, REGISTRATION}): Method.REGISTER,
    frozenset({DIGEST, REGISTRATION}): Method.REGISTER,
    frozenset({IP, DIGEST, REGISTRATION}): Method.REGISTER,
}


@pytest.mark.parametrize("offers", EVERY_OFFER, ids=lambda offers: "+".join(sorted(offers)) or "unknown")
@pytest.mark.parametrize(("address", "answers"), list(product(Address, Answers)))
def test_every_answer_leads_somewhere(
    address: Address, answers: Answers, offers: frozenset[Authentication]
) -> None:
    stays = answers == Answers.CALLSPHERE or address == Address.STATIC
    advice = advise(address, answers, offers)
    assert advice.method == (STAYS if stays else MOVES)[offers]
    # what is recommended is offered, or nobody knows yet and there is something to ask
    assert set(advice.authentication) <= offers or (not offers and advice.caution != "")


@pytest.mark.parametrize(
    ("address", "answers", "offers", "reason", "caution"),
    [
        (
            Address.STATIC,
            Answers.OWN,
            {IP},
            (
                "Your address is fixed, so your carrier can send calls straight there, encrypted, and let in"
                " calls from there. Nothing expires, and there is no password to lose."
            ),
            "",
        ),
        (
            Address.UNSURE,
            Answers.CALLSPHERE,
            {REGISTRATION},
            (
                "CallSphere answers at fixed addresses, but your carrier knows customers by their"
                " registration alone. We sign in, refresh it before it expires, and tell you when it is lost."
            ),
            "Ask it for a SIP URI with an allowlist: a registration can be lost, a fixed address cannot.",
        ),
        (
            Address.CHANGES,
            Answers.OWN,
            {IP},
            "Your carrier goes by addresses alone, so the calls must come from one that stays.",
            "Your address changes: let CallSphere answer, or get a fixed address, before you connect.",
        ),
        (
            Address.UNSURE,
            Answers.OWN,
            {DIGEST},
            (
                "Your address may change. A user name and a password work from anywhere,"
                " for calls that you make."
            ),
            "Calls to you cannot find a moving address: let CallSphere answer them.",
        ),
    ],
)
def test_the_reason_is_given(
    address: Address, answers: Answers, offers: set[Authentication], reason: str, caution: str
) -> None:
    advice = advise(address, answers, offers)
    assert (advice.reason, advice.caution) == (reason, caution)
