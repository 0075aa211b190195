"""Comparisons that Django does not have."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Lookup


@CharField.register_lookup
class BeginsWith(Lookup):
    """`field__begins_with=text`, by PostgreSQL's `^@`.

    LIKE is not leakproof: under row-level security it is asked of a tenant's every row, and finds no index.
    `^@` is, and finds one of `text_pattern_ops`.
    """

    lookup_name = "begins_with"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        field, of_field = self.process_lhs(compiler, connection)
        text, of_text = self.process_rhs(compiler, connection)
        return f"{field}::text ^@ {text}::text", (*of_field, *of_text)
