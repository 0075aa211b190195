"""Two people saved the same thing at once: both versions side by side, above the form with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict

from callsphere.lib.errors import VersionConflict
from tenants.forms import OPENED, EditForm, opened_text
from tenants.models import Versioned
from tenants.queries import last_edit


def next_attempt(
    form: forms.Form, conflict: VersionConflict, field_names: Mapping[str, str] | None = None
) -> QueryDict:
    """Return what was sent as made from the version that is shown beside it.

    Fields that the person left as they were take the stored value: to save again puts back nothing old.
    """
    data = cast(QueryDict, form.data).copy()
    data["version"] = str(conflict.current_version)
    opened = form.opened() if isinstance(form, EditForm) else {}
    for name, stored in conflict.theirs.items():
        field = (field_names or {}).get(name, name)
        if not _is_touched(form, field):
            for part in _parts(form, field)[1:]:
                data[part] = ""
            _put(data, field, stored)
        if field in opened:
            opened[field] = stored
    if opened:
        data[OPENED] = opened_text(opened)
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
    """Return the fields that the person changed and that differ from what is stored, in the form's words.

    `field_names` maps a service's name of a field to the form's, where they differ.
    """
    rows = []
    for name, yours in conflict.yours.items():
        if not _is_touched(form, field_names.get(name, name)):
            continue
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


def _is_touched(form: forms.Form | forms.ModelForm[Any], field: str) -> bool:
    """Whether the person changed a field; one of which it cannot be told counts as changed."""
    if not isinstance(form, EditForm):
        return True
    return any(form.is_touched(part) for part in _parts(form, field))


def _parts(form: forms.Form | forms.ModelForm[Any], field: str) -> tuple[str, ...]:
    return (field, *getattr(form, "entered_with", {}).get(field, ()))


def _put(data: QueryDict, field: str, stored: object) -> None:
    """Write a stored value as a browser would send it."""
    if isinstance(stored, list | tuple):
        data.setlist(field, [str(each) for each in stored])
    elif stored is False:
        data.pop(field, None)
    else:
        data[field] = "on" if stored is True else "" if stored is None else str(stored)


def shown(field: forms.Field | None, value: object) -> str:
    """Write a stored value as the form would: the words of a choice, yes and no."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list | tuple):
        return ", ".join(shown(field, each) for each in value)
    if isinstance(field, forms.ChoiceField):
        words = {str(key): str(text) for key, text in list(field.choices)}  # type: ignore[arg-type]  # no groups
        text = "" if value is None else str(value)
        return words.get(text, text)
    return "" if value is None else str(value)
