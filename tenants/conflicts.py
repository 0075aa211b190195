"""Two people saved the same thing at once: both versions side by side, above the form with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from callsphere.lib.errors import VersionConflict
from tenants.models import Versioned
from tenants.queries import last_edit


def next_attempt(data: QueryDict, conflict: VersionConflict) -> QueryDict:
    """Return what was sent as made from the version that is shown beside it."""
    data = data.copy()
    data["version"] = str(conflict.current_version)
    return data


def conflict_context(
    form: forms.Form,
    conflict: VersionConflict,
    *,
    edited: Versioned | None,
    reload_url: str,
    field_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what `components/conflict.html` needs; `field_names` as for `conflict_rows`."""
    event = last_edit(edited.pk) if edited else None
    return {
        "conflict_rows": conflict_rows(form, conflict, field_names or {}),
        "conflict_by": event.actor_label if event else "",
        "conflict_at": event.created_at if event else None,
        "reload_url": reload_url,
    }


def conflict_rows(
    form: forms.Form | forms.ModelForm[Any], conflict: VersionConflict, field_names: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the fields in which both versions differ, in the words of the form.

    `field_names` maps a service's name of a field to the form's, where they differ.
    """
    rows = []
    for name, yours in conflict.yours.items():
        field = form.fields.get(field_names.get(name, name))
        label = field.label if field is not None and field.label else name.replace("_", " ").capitalize()
        rows.append(
            {
                "label": str(label),
                "theirs": shown(field, conflict.theirs.get(name)),
                "yours": shown(field, yours),
            }
        )
    return rows


def shown(field: forms.Field | None, value: object) -> str:
    """Write a stored value as the form would: the words of a choice, yes and no."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list | tuple):
        return ", ".join(shown(field, each) for each in value)
    if isinstance(field, forms.ChoiceField):
        words = {str(key): str(text) for key, text in list(field.choices)}  # type: ignore[arg-type]  # no groups
        return words.get(str(value), str(value))
    return "" if value is None else str(value)
