"""Words with a fixed meaning in the billing app."""

from django.db.models import TextChoices


class Status(TextChoices):
    """What Stripe says of a subscription; NONE until there is one."""

    NONE = "none", "No plan yet"
    TRIALING = "trialing", "Trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment overdue"
    UNPAID = "unpaid", "Unpaid"
    PAUSED = "paused", "Paused"
    INCOMPLETE = "incomplete", "First payment missing"
    INCOMPLETE_EXPIRED = "incomplete_expired", "First payment never came"
    CANCELED = "canceled", "Ended"


LIVING = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID)
"""A subscription that goes on: it can be changed, and there may be no second one."""
OVERDUE = (Status.PAST_DUE, Status.UNPAID)
OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED, Status.PAUSED)
NEVER_BEGAN = (Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED)
"""A purchase whose first payment has not come: what there was before still counts."""


class Stage(TextChoices):
    """How far a missing payment has got."""

    FINE = "fine", "In order"
    GRACE = "grace", "Payment missing"
    READ_ONLY = "read_only", "Read-only"
    RELEASED = "released", "Numbers released"


class RequestKind(TextChoices):
    """What is asked of Stripe."""

    CHECKOUT = "checkout", "Open a checkout"
    PORTAL = "portal", "Open the payment pages"
    CHANGE_PLAN = "change_plan", "Change the plan"
    CANCEL = "cancel", "Cancel at the end of the period"
    RESUME = "resume", "Take the cancellation back"
    START_TRIAL = "start_trial", "Start a trial without a checkout"
    EXTEND_TRIAL = "extend_trial", "Extend the trial"
    END = "end", "End the subscription at once"
    REFRESH = "refresh", "Read everything again"


# What people and programs ask for; the others come from support and from CallSphere itself.
CUSTOMER_KINDS = (
    RequestKind.CHECKOUT,
    RequestKind.PORTAL,
    RequestKind.CHANGE_PLAN,
    RequestKind.CANCEL,
    RequestKind.RESUME,
)


class WorkState(TextChoices):
    """How a piece of work goes."""

    WAITING = "waiting", "Under way"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class InvoiceStatus(TextChoices):
    """Stripe's words for an invoice."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    VOID = "void", "Void"
    UNCOLLECTIBLE = "uncollectible", "Written off"


class NoticeKind(TextChoices):
    """What a mail announces."""

    TRIAL_3_DAYS = "trial_3_days", "Trial ends in 3 days"
    TRIAL_1_DAY = "trial_1_day", "Trial ends in 1 day"
    PAYMENT_FAILED = "payment_failed", "A payment failed"
    READ_ONLY = "read_only", "Read-only from now on"
    ENDED = "ended", "The plan has ended"
    RELEASE_SOON = "release_soon", "Numbers are released in 3 days"
    RELEASED = "released", "Numbers are released"
    RECOVERED = "recovered", "Everything is in order again"
    CANCELED = "canceled", "The plan is canceled"


class TouchSource(TextChoices):
    """How somebody came through an affiliate."""

    LINK = "link", "Link"
    CODE = "code", "Code"


class Account(TextChoices):
    """Accounts of each affiliate and currency. The first two are what we owe; together they sum to zero."""

    HELD = "held", "Held"
    PAYABLE = "payable", "Payable"
    EXPENSE = "expense", "Commission expense"
    CLAWED_BACK = "clawed_back", "Clawed back"
    ADJUSTMENT = "adjustment", "Adjustments"
    PAID_OUT = "paid_out", "Paid out"


class Booking(TextChoices):
    """What may be booked for an affiliate."""

    EARNED = "earned", "Earned"
    RELEASED = "released", "Released"
    CLAWED_BACK = "clawed_back", "Taken back"
    ADJUSTED = "adjusted", "Adjusted by support"
    PAID_OUT = "paid_out", "Paid out"
