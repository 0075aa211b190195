"""Forms of tools: what there is to know of one, and the arguments of a test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms

from agents.models import Tool
from agents.models.tools import LONGEST_DESCRIPTION, LONGEST_ENDPOINT, LONGEST_TIMEOUT_S
from agents.parameters import LONGEST_SCHEMA
from tenants.forms import EditForm, RangeField

MOST_FIELDS = 20
"""A tool with more parameters is tested with its arguments as JSON."""
NO_PARAMETERS = '{\n  "type": "object",\n  "properties": {}\n}'
ARGUMENTS = "arguments"
_YES_NO = [("", "Left out"), ("true", "Yes"), ("false", "No")]


class UnreadTextarea(forms.Textarea):
    """Takes lines that are secret: like a password, they are never written back into the page."""

    def format_value(self, value: Any) -> str:
        return ""


class ToolForm(forms.Form):
    """A new tool. Secret headers are typed one a line, and never shown again."""

    name = forms.CharField(
        max_length=64,
        help_text="The model calls it so: letters, digits, _ and -, such as free_times.",
        error_messages={"required": "Give the tool a name, such as free_times."},
    )
    description = forms.CharField(
        required=False,
        label="What is it for?",
        max_length=LONGEST_DESCRIPTION,
        help_text="The model reads this to know when to use it. An agent cannot be published without.",
    )
    endpoint = forms.CharField(
        max_length=LONGEST_ENDPOINT,
        label="Address",
        help_text="Gets a signed POST with the arguments as JSON. Public, HTTPS, port 443 or 8443.",
        error_messages={"required": "Enter the address that is asked."},
    )
    parameters = forms.CharField(
        max_length=LONGEST_SCHEMA,
        initial=NO_PARAMETERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="JSON Schema of an object. The model fills it in, and each call is checked against it.",
    )
    timeout_s = RangeField(
        label="Time limit",
        initial=5,
        min_value=1,
        max_value=LONGEST_TIMEOUT_S,
        unit="seconds",
        help_text="The caller waits meanwhile.",
    )
    is_idempotent = forms.BooleanField(
        required=False,
        label="May be repeated",
        help_text="To call it twice does no more than to call it once. It is tried up to three times then.",
    )
    secret_headers = forms.CharField(
        required=False,
        strip=False,
        widget=UnreadTextarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text="One a line, such as “Authorization: Bearer …”. Stored encrypted, never shown again.",
    )

    def clean_parameters(self) -> Any:
        """Return the schema as an object; what may stand in it, the service says."""
        try:
            return json.loads(self.cleaned_data["parameters"])
        except json.JSONDecodeError as error:
            words = f"This is no JSON: line {error.lineno}, column {error.colno}: {error.msg}."
            raise forms.ValidationError(words) from None
        except RecursionError:
            raise forms.ValidationError("This is nested too deeply.") from None

    def clean_secret_headers(self) -> dict[str, str] | None:
        """Return the headers by name; None when nothing was typed."""
        headers: dict[str, str] = {}
        for line in self.cleaned_data["secret_headers"].splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise forms.ValidationError("Write each header as name, colon and value, one a line.")
            if name.strip() in headers:
                raise forms.ValidationError("Give each header once.")
            headers[name.strip()] = value.strip()
        return headers or None

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = (
            "name",
            "description",
            "endpoint",
            "parameters",
            "timeout_s",
            "is_idempotent",
            "secret_headers",
        )
        return {name: self.cleaned_data[name] for name in names}


class ToolEditForm(EditForm, ToolForm):
    """A tool that exists. No secret headers typed keep the stored ones."""

    forget_headers = forms.BooleanField(required=False, label="Forget the stored headers")

    def __init__(self, *args: Any, stored: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stored:
            self.fields[
                "secret_headers"
            ].help_text = (
                f"Stored: {', '.join(stored)}. Left empty, they stay. What you enter replaces all of them."
            )
        else:
            del self.fields["forget_headers"]

    @staticmethod
    def initial_of(tool: Tool) -> dict[str, Any]:
        """Return what the form shows of a tool: everything but what is secret."""
        names = ("name", "description", "endpoint", "timeout_s", "is_idempotent", "version")
        return {**{name: getattr(tool, name) for name in names}, "parameters": as_text(tool.parameters)}

    def changes(self) -> dict[str, Any]:
        forgets = self.cleaned_data.get("forget_headers") and not self.cleaned_data["secret_headers"]
        return super().changes() | ({"secret_headers": {}} if forgets else {})


class ArgumentsForm(forms.Form):
    """The arguments of a test: a field for each parameter, or JSON where the schema has no plain list."""

    def __init__(self, *args: Any, schema: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = schema.get("properties")
        listed = given if isinstance(given, dict) and 0 < len(given) <= MOST_FIELDS else {}
        wanted = schema.get("required", [])
        # what the database gives back has lost its order
        ordered = sorted(listed, key=lambda name: (name not in wanted, name))
        self.names = {_field_name(name): name for name in ordered}
        self.is_plain = bool(listed) or given == {}
        for field, name in self.names.items():
            self.fields[field] = _field(name, listed[name], is_required=name in wanted)
        if not self.is_plain:
            self.fields[ARGUMENTS] = _JsonField(label="Arguments, as JSON", initial="{}", required=True)

    def arguments(self) -> Any:
        """Return the arguments; those left empty are left out."""
        if not self.is_plain:
            return self.cleaned_data[ARGUMENTS]
        given = {name: self.cleaned_data[field] for field, name in self.names.items()}
        return {name: value for name, value in given.items() if value not in (None, "")}


class _JsonField(forms.CharField):
    """Any JSON, typed."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError('This is no JSON. Write texts in quotes, such as "Monday".') from None


class _BooleanChoice(forms.ChoiceField):
    """Yes, no, or left out."""

    def clean(self, value: Any) -> Any:
        return {"true": True, "false": False}.get(super().clean(value))


def as_text(schema: Any) -> str:
    """Write a schema as people edit it."""
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _field_name(name: str) -> str:
    """Return what a parameter is called in the page, where any text may be its name."""
    plain = name if name.isascii() and name.isidentifier() else hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"argument-{plain}"


def _field(name: str, schema: Any, *, is_required: bool) -> forms.Field:
    """Return the field that fits a parameter."""
    details = schema if isinstance(schema, dict) else {}
    help_text = details.get("description")
    options: dict[str, Any] = {
        "label": name,
        "required": is_required,
        "help_text": help_text if isinstance(help_text, str) else "",
    }
    default = details.get("default")
    choices, kind = details.get("enum"), details.get("type")
    if isinstance(choices, list) and choices and all(isinstance(each, str) for each in choices):
        return forms.ChoiceField(
            choices=[("", "Left out"), *((each, each) for each in choices)], initial=default, **options
        )
    if kind == "boolean":
        return _BooleanChoice(
            choices=_YES_NO, initial=json.dumps(default) if isinstance(default, bool) else "", **options
        )
    if kind == "integer":
        return forms.IntegerField(initial=default, **options)
    if kind == "number":
        return forms.FloatField(initial=default, **options)
    if kind == "string":
        return forms.CharField(initial=default, strip=False, **options)
    return _JsonField(initial=None if default is None else as_text(default), **options)
