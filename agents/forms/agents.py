"""Forms of agents: a new one, its draft, a note on what is new."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms

from agents.agent_templates import agent_templates
from agents.enums import BuiltinTool, Eagerness, RealtimeModel, Runtime, TurnDetection, Voice
from agents.models import Agent, Tool
from agents.models.agents import (
    LONGEST_ADDRESS,
    LONGEST_CALL_S,
    LONGEST_INSTRUCTIONS,
    LONGEST_NAME,
    LONGEST_REALTIME_CALL_S,
    LONGEST_RULES,
    LONGEST_SPOKEN,
    SHORTEST_CALL_S,
)
from agents.services.drafts import EDITABLE
from agents.services.publishing import LONGEST_NOTE
from tenants.card_fields import CardChoiceField, CardMultipleChoiceField, offer
from tenants.forms import EditForm, RangeField

_RUNTIMES = {
    Runtime.OPENAI_REALTIME: "A model of OpenAI speaks with callers, as your instructions say.",
    Runtime.MEDIA_STREAM: "Sound goes to a WebSocket of yours, and comes back from it.",
    Runtime.SIP_URI: "Calls go to an agent that you run behind a SIP address.",
}
_TURNS = {
    TurnDetection.SEMANTIC_VAD: "A sentence has to sound finished. Callers may think in between.",
    TurnDetection.SERVER_VAD: "A pause is enough. Quicker, and more likely to interrupt.",
}
_BUILT_IN = {
    BuiltinTool.TRANSFER_TO_HUMAN: "Puts the caller through to a person.",
    BuiltinTool.SEND_SMS: "Sends the caller a text message.",
    BuiltinTool.TAKE_MESSAGE: "Writes down what the caller wants to be passed on.",
    BuiltinTool.CHECK_BUSINESS_HOURS: "Knows whether you are open now, and when next.",
    BuiltinTool.SCHEDULE_CALLBACK: "Notes that and when somebody should call back.",
    BuiltinTool.LAST_CALLS: "Knows when this caller called before.",
    BuiltinTool.ESCALATE: "Alerts your team at once.",
    BuiltinTool.HANG_UP: "Ends the call when everything is said.",
}
NOTHING = "From nothing"


class AgentNameForm(forms.Form):
    """What an agent is called."""

    name = forms.CharField(
        max_length=LONGEST_NAME,
        help_text="What your team calls it, such as “Front desk”. Callers do not hear it.",
        error_messages={"required": "Give the agent a name, for example “Front desk”."},
    )


class NewAgentForm(AgentNameForm):
    """A new agent and what it is made from."""

    template = CardChoiceField(label="What does it start from?", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        templates = agent_templates().values()
        cards = {"": "An empty draft: you write the instructions."}
        cards |= {each.key: each.description for each in templates}
        offer(self, "template", [("", NOTHING), *((each.key, each.name) for each in templates)], cards)


class DraftForm(EditForm, AgentNameForm):
    """The draft of an agent. Fields that its runtime does not use keep what they hold."""

    runtime = CardChoiceField(label="What answers?", choices=Runtime.choices, cards=_RUNTIMES)
    instructions = forms.CharField(
        required=False,
        max_length=LONGEST_INSTRUCTIONS,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text="Who it is, what it knows, what it does, how it speaks. The model reads it before a call.",
    )
    safety_rules = forms.CharField(
        required=False,
        max_length=LONGEST_RULES,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What it must never do, and what comes first. The model is told that they win.",
    )
    greeting = forms.CharField(
        required=False,
        max_length=LONGEST_SPOKEN,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The first words that callers hear. Left empty, the caller speaks first.",
    )
    consent_text = forms.CharField(
        required=False,
        label="Notice",
        max_length=LONGEST_SPOKEN,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Said after the greeting: that a computer speaks, and that the call may be recorded.",
    )
    voice = forms.ChoiceField(choices=Voice.choices)
    language = forms.CharField(max_length=16, help_text="A language tag, such as en-US, es-MX or de.")
    model = forms.ChoiceField(choices=RealtimeModel.choices)
    turn_detection = CardChoiceField(
        label="How does it notice that the caller has finished?", choices=TurnDetection.choices, cards=_TURNS
    )
    eagerness = forms.ChoiceField(label="How soon it speaks", choices=Eagerness.choices)
    vad_threshold = forms.FloatField(
        label="Loudness taken for speech",
        min_value=0,
        max_value=1,
        help_text="From 0 to 1. Higher where it is noisy.",
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid"), "Use 0 to 1, such as 0.5."),
    )
    silence_duration_ms = RangeField(
        label="Silence that ends a turn", min_value=0, max_value=5_000, unit="milliseconds"
    )
    prefix_padding_ms = RangeField(
        label="Sound kept before speech", min_value=0, max_value=5_000, unit="milliseconds"
    )
    idle_timeout_ms = RangeField(
        label="Asks whether somebody is there after",
        required=False,
        min_value=5_000,
        max_value=30_000,
        unit="milliseconds",
        help_text="5000 to 30000. Left empty, it waits.",
    )
    can_be_interrupted = forms.BooleanField(
        label="Callers may interrupt it",
        required=False,
        help_text="It falls silent as soon as the caller speaks.",
    )
    longest_call_s = RangeField(
        label="Longest call",
        min_value=SHORTEST_CALL_S,
        max_value=LONGEST_CALL_S,
        unit="seconds",
        help_text="1800 seconds are half an hour. With OpenAI at most"
        f" {LONGEST_REALTIME_CALL_S}, since a session ends after an hour.",
    )
    builtin_tools = CardMultipleChoiceField(
        label="Built-in tools", required=False, choices=BuiltinTool.choices, cards=_BUILT_IN
    )
    transfer_number = forms.CharField(
        required=False,
        label="Number for callers who want a person",
        max_length=40,
        help_text="Transfers and escalated calls ring here.",
    )
    tool_ids = CardMultipleChoiceField(label="Your own tools", required=False)
    stream_url = forms.CharField(
        required=False,
        label="WebSocket address",
        max_length=LONGEST_ADDRESS,
        help_text="Encrypted, without ? and #. Each call brings a signed token.",
    )
    sip_uri = forms.CharField(
        required=False,
        label="SIP address",
        max_length=LONGEST_ADDRESS,
        help_text="Reachable from the internet; transport=tls encrypts the signalling.",
    )
    sip_username = forms.CharField(
        required=False, label="User name", max_length=128, help_text="Where your side asks for one."
    )
    sip_secret = forms.CharField(
        required=False,
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted. Nobody can read it here again, you included.",
    )
    forget_secret = forms.BooleanField(required=False, label="Forget the stored password")

    def __init__(self, *args: Any, tools: Iterable[Tool], is_stored: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = list(tools)
        told = {
            str(tool.pk): tool.description or "No description yet: it cannot be published so."
            for tool in listed
        }
        offer(self, "tool_ids", [(str(tool.pk), tool.name) for tool in listed], told)
        if is_stored:
            secret = self.fields["sip_secret"]
            secret.label, secret.help_text = "New password", "Leave it empty to keep the stored one."
        else:
            del self.fields["forget_secret"]

    @staticmethod
    def initial_of(agent: Agent) -> dict[str, Any]:
        """Return what the form shows of a draft: everything but the password."""
        chosen = [str(each.tool_id) for each in agent.tool_choices.all()]
        names = (*EDITABLE, "version")
        return {**{name: getattr(agent, name) for name in names}, "tool_ids": chosen}

    def changes(self) -> dict[str, Any]:
        """Return what the service takes; an empty password keeps the stored one."""
        data = self.cleaned_data
        changes = {name: data[name] for name in EDITABLE}
        changes["sip_secret"] = "" if data.get("forget_secret") else data["sip_secret"] or None
        if self.is_touched("tool_ids"):
            changes["tool_ids"] = [uuid.UUID(pk) for pk in data["tool_ids"]]
        return changes


class PublishForm(forms.Form):
    """What is new in a version."""

    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        label="What is new?",
        help_text="One sentence. Your team reads it in the list of versions and in the audit log.",
    )
