"""How many tokens a response counts: about as OpenAI counts them, from what was said."""

from __future__ import annotations

from typing import Any

WORDS_A_SECOND = 2.7
_HEARD_A_SECOND, _SPOKEN_A_SECOND = 10, 20
_CHARACTERS_A_TOKEN = 4


def seconds_of(text: str) -> float:
    """Return how long it takes to say a text, in seconds."""
    return max(0.4, len(text.split()) / WORDS_A_SECOND)


class Meter:
    """What the model has been given in a call so far, in tokens."""

    def __init__(self, instructions: str, tools: str) -> None:
        self._text = _tokens(instructions) + _tokens(tools)
        self._audio = 0
        self._seen_text = 0
        self._seen_audio = 0

    def hear(self, text: str) -> None:
        """Count what the caller said."""
        self._audio += round(seconds_of(text) * _HEARD_A_SECOND)

    def read(self, text: str) -> None:
        """Count what the model was given as text."""
        self._text += _tokens(text)

    def respond(self, *, spoken: str, written: str) -> dict[str, Any]:
        """Return the usage of a response, which the model reads again next time. What it knew is cached."""
        audio_out = round(seconds_of(spoken) * _SPOKEN_A_SECOND) if spoken else 0
        text_out = _tokens(spoken) + _tokens(written)
        cached_text, cached_audio = self._seen_text, self._seen_audio
        self._seen_text, self._seen_audio = self._text, self._audio
        usage = {
            "total_tokens": self._text + self._audio + text_out + audio_out,
            "input_tokens": self._text + self._audio,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "text_tokens": self._text,
                "audio_tokens": self._audio,
                "image_tokens": 0,
                "cached_tokens": cached_text + cached_audio,
                "cached_tokens_details": {
                    "text_tokens": cached_text,
                    "audio_tokens": cached_audio,
                    "image_tokens": 0,
                },
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }
        self._text += text_out
        self._audio += audio_out
        return usage


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_A_TOKEN)
