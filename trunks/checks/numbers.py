"""The numbers of a check, as the trunk's rule writes them: what is dialled and shown, and what never is."""

from __future__ import annotations

from callsphere.sip.check.arguments import is_emergency
from trunks.number_format import HasNumberRule, NumberError, dialled, read_number, shown_caller


def number_dialled(text: str, rule: HasNumberRule) -> str:
    """Return a called number in the trunk's form; what is no phone number, such as an extension, as it is.

    Raises NumberError when the rule leaves nothing of it, or makes an emergency number of it.
    """
    try:
        number = read_number(text, rule.home_country)
    except NumberError:
        return text
    called = dialled(number, rule)
    # A carrier takes its tech prefix away before it routes.
    if is_emergency(called) or is_emergency(called.removeprefix(rule.dial_prefix)):
        raise NumberError(
            f"By the trunk's number rule this would call {called}: checks never call emergency numbers."
        )
    return called


def number_shown(text: str, rule: HasNumberRule) -> str:
    """Return a caller id in the trunk's form; what is no phone number, such as a user name, as it is."""
    try:
        return shown_caller(read_number(text, rule.home_country), rule)
    except NumberError:
        return text
