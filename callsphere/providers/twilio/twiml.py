"""What a call is to do, in TwiML."""

from __future__ import annotations

from twilio.twiml.voice_response import VoiceResponse

CONTENT_TYPE = "text/xml; charset=utf-8"


def say_and_hang_up(sentence: str) -> str:
    """Have a sentence spoken to the caller, and end the call."""
    response = VoiceResponse()
    response.say(sentence, language="en-US")
    response.hangup()
    return str(response)
