"""What an affiliate earns of an invoice. Amounts are rounded here and nowhere else."""

from __future__ import annotations

from billing.enums import InvoiceStatus
from billing.models import Invoice

_WHOLE_RATE = 10_000


def commission_of(invoice: Invoice, rate: int) -> int:
    """Return the share, in minor units, of what was paid without tax and is not given back.

    `rate` is in hundredths of a percent. What is left of a payment holds tax as the whole invoice does.
    Always worked out from the whole, never added up from parts: so rounding does not depend on their order.
    """
    if invoice.status != InvoiceStatus.PAID or invoice.total <= 0 or invoice.net <= 0:
        return 0
    kept = max(0, min(invoice.paid, invoice.total) - invoice.refunded - invoice.disputed)
    return divide_half_even(kept * invoice.net * rate, invoice.total * _WHOLE_RATE)


def divide_half_even(dividend: int, divisor: int) -> int:
    """Divide integers that are not negative; a half goes to the even neighbour."""
    quotient, rest = divmod(dividend, divisor)
    is_up = 2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1)
    return quotient + is_up
