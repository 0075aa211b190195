"""What can go wrong at Stripe, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

_NO_KEY = "payments_not_configured"


class PaymentsError(Exception):
    """Stripe refused a request or was not reached. `str()` is a sentence for the person who asked.

    `is_permanent` tells that the same request will be refused again; `code` is stable and meant for programs.
    Stripe's own words about a request are in `detail`, for logs: they never hold a key or a card's number.
    """

    def __init__(self, message: str, *, code: str, is_permanent: bool, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.is_permanent = is_permanent
        self.detail = detail

    @property
    def may_pass(self) -> bool:
        """Whether it may go otherwise later by itself: once Stripe is back, or our key is right."""
        return not self.is_permanent or self.code == _NO_KEY


def fault_of_ours() -> PaymentsError:
    """Return what a mistake of ours becomes: tried again, since the next release may not make it."""
    return PaymentsError(
        "Something went wrong on our side. We try again by ourselves.",
        code="internal_error",
        is_permanent=False,
    )


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn the SDK's exceptions into PaymentsError."""
    try:
        yield
    except stripe.CardError as error:
        raise PaymentsError(
            "The card was declined. Use another card, or ask the bank that issued it.",
            code="card_declined",
            is_permanent=True,
            detail=str(error.code),
        ) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise PaymentsError(
            "The payment provider did not accept our key. Write to support.",
            code=_NO_KEY,
            is_permanent=True,
            detail=type(error).__name__,
        ) from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise PaymentsError(
            "The payment provider did not answer. We try again by ourselves.",
            code="payments_unreachable",
            is_permanent=False,
            detail=type(error).__name__,
        ) from error
    except stripe.StripeError as error:
        is_gone = error.code == "resource_missing"
        raise PaymentsError(
            "The payment provider does not know this any more. Write to support."
            if is_gone
            else "The payment provider refused this. Write to support.",
            code="payments_missing" if is_gone else "payments_refused",
            is_permanent=True,
            detail=(error.user_message or type(error).__name__)[:500],
        ) from error
