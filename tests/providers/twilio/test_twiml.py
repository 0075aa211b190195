"""What calls are told to do."""

from callsphere.providers.twilio.twiml import say_and_hang_up


def test_sentence_is_spoken_and_the_call_ends() -> None:
    assert say_and_hang_up("Sorry <Dial> & goodbye.") == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        '<Say language="en-US">Sorry &lt;Dial&gt; &amp; goodbye.</Say><Hangup /></Response>'
    )
