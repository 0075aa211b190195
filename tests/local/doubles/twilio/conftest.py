"""Fixtures of calls that Twilio's double plays."""

from tests.voice_peers import openai_side as openai_side
from tests.voice_peers import ours as ours
from tests.voice_peers import phone as phone
