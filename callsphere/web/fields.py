"""What the field component needs to know about a form field."""

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

_SINGLE_CHECKS = (forms.CheckboxInput,)
_CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


def describe(
    bound: BoundField,
    *,
    label: str = "",
    help: str | None = None,
    unit: str = "",
    mono: bool = False,
    cards: bool = False,
    optional: bool = True,
    **attributes: Any,
) -> dict[str, Any]:
    """Return the context of components/field.html.

    `label` and `help` replace the form's own (an empty help leaves it out); `unit` stands behind the control
    ("seconds"); `mono` sets the value in the fixed-width font; `cards` draws choices as cards, each with the
    text that the form field's `choice_help` (value → text) has for it; `optional=False` leaves out the word
    beside fields that may stay empty. Anything else becomes an attribute of the control, with hyphens.
    """
    kind = _kind(bound)
    control_id = bound.id_for_label or bound.auto_id
    help_text = bound.help_text if help is None else help
    described_by = " ".join(
        f"{bound.auto_id}-{part}"
        for part, present in (("help", help_text), ("error", bound.errors))
        if present
    )
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if described_by:
        attrs["aria-describedby"] = described_by
    if bound.errors:
        attrs["aria-invalid"] = "true"
    context: dict[str, Any] = {
        "field": bound,
        "kind": kind,
        "id": control_id,
        "base_id": bound.auto_id,
        "label": label or bound.label,
        "help": help_text,
        "errors": bound.errors,
        "unit": unit,
        "mono": mono,
        "cards": cards,
        "described_by": described_by,
        "optional": optional and not bound.field.required and kind != "check",
    }
    if kind == "choices":
        context["choices"] = list(_choices(bound, attrs))
    else:
        context["control"] = _control(bound, kind, attrs)
    return context


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, _CHOICES):
        return "choices"
    if isinstance(widget, _SINGLE_CHECKS):
        return "check"
    if isinstance(widget, forms.Textarea):
        return "textarea"
    if isinstance(widget, forms.Select):
        return "select"
    if isinstance(widget, forms.PasswordInput):
        return "password"
    return "input"


def _control(bound: BoundField, kind: str, attrs: dict[str, Any]) -> SafeString:
    css = {"check": "checkbox checkbox-primary", "password": "input"}.get(kind, kind)
    own = bound.field.widget.attrs.get("class", "")
    return bound.as_widget(attrs={**attrs, "class": f"{css} {own}".strip()})


def _choices(bound: BoundField, attrs: dict[str, Any]) -> Any:
    # CheckboxSelectMultiple is a RadioSelect to Django.
    several = isinstance(bound.field.widget, forms.CheckboxSelectMultiple)
    css = "checkbox checkbox-primary" if several else "radio radio-primary"
    texts = getattr(bound.field, "choice_help", {})
    for choice in bound.subwidgets:
        choice.data["attrs"] = {**choice.data["attrs"], **attrs, "class": css}
        yield {
            "control": choice.tag(),
            "id": choice.id_for_label,
            "label": choice.choice_label,
            "help": texts.get(choice.data["value"], ""),
        }


def summarise(form: forms.BaseForm, title: str = "") -> dict[str, Any]:
    """Return the context of components/form_errors.html: the whole form's errors, then each field's."""
    lines: list[dict[str, str]] = [{"text": str(error), "target": ""} for error in form.non_field_errors()]
    for bound in form:
        for error in bound.errors:
            text = str(error) if bound.is_hidden else f"{bound.label}: {error}"
            lines.append(
                {"text": text, "target": "" if bound.is_hidden else bound.id_for_label or bound.auto_id}
            )
    count = len(lines)
    default = "Please correct this:" if count == 1 else f"Please correct these {count} things:"
    return {"lines": lines, "title": title or default}
