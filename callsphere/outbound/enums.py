"""Words with a fixed meaning in the outbound app."""

from django.db.models import TextChoices


class Purpose(TextChoices):
    """What a call is for: it decides who answers for us, and whether it takes a slot."""

    AGENT = "agent", "An agent talks"
    ON_CALL = "on_call", "Somebody on call is asked to help"


class OrderState(TextChoices):
    """Where a call that was asked for is."""

    WAITING = "waiting", "Waits to be placed"
    PLACING = "placing", "Being placed"
    LOST = "lost", "It is being found out whether it rang"
    PLACED = "placed", "Under way"
    ENDED = "ended", "Ended"
    FAILED = "failed", "Not placed"
    CANCELED = "canceled", "Canceled"


LIVE_STATES = (OrderState.PLACING, OrderState.LOST, OrderState.PLACED)
"""It rings, is talked in, or may be: it counts among the calls at a time."""


class OrderTold(TextChoices):
    """What the provider tells of a call that was placed, each at an address of its own."""

    ANSWERED = "answered", "Somebody answered: what is to be done?"
    DIGITS = "digits", "Somebody pressed keys: what is to be done?"
    STATUS = "status", "The call went on or ended"


class MachineAction(TextChoices):
    """What to do when an answering machine takes the call."""

    GO_ON = "go_on", "Let the agent talk to it"
    HANG_UP = "hang_up", "Hang up"
    LEAVE_MESSAGE = "leave_message", "Leave a message after the tone"


class CampaignState(TextChoices):
    """Where a campaign is."""

    DRAFT = "draft", "Not started"
    RUNNING = "running", "Calls its contacts"
    PAUSED = "paused", "Places no new calls"
    FINISHED = "finished", "Nobody is left to call"
    CANCELED = "canceled", "Canceled"


class ContactState(TextChoices):
    """What became of somebody whom a campaign is to call."""

    WAITING = "waiting", "Waits for a call"
    CALLING = "calling", "Is being called"
    REACHED = "reached", "Talked to the agent"
    UNREACHED = "unreached", "Was not reached in all attempts"
    DO_NOT_CALL = "do_not_call", "Is on the list of numbers not to call"
    REFUSED = "refused", "Cannot be called"
    CANCELED = "canceled", "Was not called any more"


OPEN_CONTACTS = (ContactState.WAITING, ContactState.CALLING)
"""Something may still come of them."""
