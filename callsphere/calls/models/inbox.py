"""What rows of the inbox have in common: whether somebody has dealt with them, and their order."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

HANDLED_WHOLE = Q(handled_at=None, handled_by="") | Q(handled_at__isnull=False)


def is_open_field() -> models.GeneratedField:
    """Return the column that says whether nobody has dealt with a row: the inbox has those first."""
    return models.GeneratedField(
        expression=Q(handled_at__isnull=True),  # type: ignore[arg-type]  # conditions are expressions too
        output_field=models.BooleanField(),
        db_persist=True,
    )


def inbox_index(name: str) -> models.Index:
    """Return the index of the inbox's order: what is open first, then the newest, by its key."""
    return models.Index(F("tenant"), F("is_open").desc(), F("id").desc(), name=name)


def number_index(column: str, name: str) -> models.Index:
    """Return the index that finds rows by how their number begins."""
    return models.Index(fields=["tenant", column], opclasses=["uuid_ops", "text_pattern_ops"], name=name)
