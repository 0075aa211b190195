"""What the API says of messages of callers, callbacks and text messages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from callsphere.calls.enums import CallbackState, Direction, SoundState, TextState, TextWord


class LeftBehindSerializer(serializers.Serializer[Any]):
    """Something that a call has left behind."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    call_id = serializers.UUIDField()


class CallerMessageSerializer(LeftBehindSerializer):
    """A message that an agent took for people."""

    name = serializers.CharField(help_text="As the caller gave it")
    number = serializers.CharField(help_text="Where to call back; empty when nobody knows")
    text = serializers.CharField()
    is_urgent = serializers.BooleanField()
    handled_at = serializers.DateTimeField(allow_null=True)
    handled_by = serializers.CharField()


class CallbackSerializer(LeftBehindSerializer):
    """A caller who wants to be called back."""

    number = serializers.CharField()
    wanted_at = serializers.DateTimeField()
    time_zone = serializers.CharField(help_text="In which the time was agreed on")
    note = serializers.CharField()
    state = serializers.ChoiceField(CallbackState.choices)
    handled_at = serializers.DateTimeField(allow_null=True)
    handled_by = serializers.CharField()


class VoiceMessageSerializer(LeftBehindSerializer):
    """A message that a caller left to be heard."""

    recording_sid = serializers.CharField(help_text="The provider's id of it")
    duration_s = serializers.IntegerField(allow_null=True, help_text="Null until it is there")
    sound_state = serializers.ChoiceField(
        SoundState.choices,
        help_text="Whether it can be heard: `there`. It is `forgotten` when transcripts are",
    )
    sound_error = serializers.CharField(help_text="Why it cannot be heard, or not yet")
    handled_at = serializers.DateTimeField(allow_null=True)
    handled_by = serializers.CharField()


class TextMessageSerializer(LeftBehindSerializer):
    """A text message, and what became of it."""

    call_id = serializers.UUIDField(allow_null=True, help_text="Null: it belongs to no call")
    direction = serializers.ChoiceField(Direction.choices)
    to_number = serializers.CharField()
    from_number = serializers.CharField()
    body = serializers.CharField()
    word = serializers.ChoiceField(
        [("", "Nothing"), *TextWord.choices], help_text="What a text that came in asks; `stop` is obeyed"
    )
    state = serializers.ChoiceField(TextState.choices)
    message_sid = serializers.CharField(help_text="The provider's id; empty until it has taken it")
    error_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(help_text="Why it did not arrive")
    ended_at = serializers.DateTimeField(allow_null=True)
