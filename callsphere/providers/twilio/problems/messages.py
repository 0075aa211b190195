"""Twilio's errors about text messages that were sent or could not be."""

from __future__ import annotations

from callsphere.providers.twilio.problems.entry import Problem

_RECIPIENT = "The recipient's number"

MESSAGES = (
    Problem(
        "message_filtered",
        (30007,),
        "you",
        "The carrier took the message for spam",
        "It was sent, and a filter of Twilio's or of the carrier's stopped it.",
        "Write who you are and why, leave out short links, and register your campaign.",
        "The text of the message",
    ),
    Problem(
        "message_undeliverable",
        (30003, 30005, 30006, 30008, 21614),
        "you",
        "The message could not be delivered",
        "The phone is off, out of reach or a landline, or the number is not in use.",
        "Check the number, or call it instead.",
        _RECIPIENT,
    ),
    Problem(
        "message_blocked",
        (30004, 21408),
        "you",
        "The recipient or the country takes no messages",
        "The recipient blocks messages, or Twilio's account may not send any to this country.",
        "Call instead, or have the country allowed for messages.",
        _RECIPIENT,
    ),
    Problem(
        "message_text_invalid",
        (21602, 21617, 21619),
        "callsphere",
        "The text of the message is empty or too long",
        "A message has 1 to 1600 characters.",
        "Shorten the text.",
    ),
)
