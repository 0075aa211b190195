"""A function is called with what it takes."""

from typing import Any

import jsonschema
import pytest

from callsphere.local.doubles.openai.arguments import fitted

WANTED = {"name": "Maria Lopez", "reason": "check-up"}


def takes(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (None, WANTED),
        ({}, WANTED),
        ({"additionalProperties": False}, {}),
        (takes([]), {}),
        (takes([], name={"type": "string"}), {"name": "Maria Lopez"}),
        (takes([], reason={"enum": ["pain"]}), {}),
        (takes(["reason"], reason={"enum": ["pain"]}), {"reason": "pain"}),
        (takes(["date"], date={"type": "string", "format": "date"}), {"date": "2026-12-01"}),
        (takes(["caller_phone"], caller_phone={"type": "string"}), {"caller_phone": "+14155550123"}),
        (takes(["count"], count={"type": "integer", "minimum": 3}), {"count": 3}),
        (takes(["sure"], sure={"type": "boolean"}), {"sure": True}),
        (takes(["note"], note={"type": ["string", "null"]}), {"note": "the caller's note"}),
        (
            takes(["days"], days={"type": "array", "items": {"type": "integer"}, "minItems": 2}),
            {"days": [1, 1]},
        ),
        (takes(["slot"], slot=takes(["at"], at={"const": "noon"})), {"slot": {"at": "noon"}}),
        (takes(["kind"], kind={"default": "new"}), {"kind": "new"}),
        (takes(["none"], none={"type": "null"}), {"none": None}),
    ],
)
def test_arguments_fit(schema: Any, arguments: dict[str, Any]) -> None:
    assert fitted(WANTED, schema) == arguments
    jsonschema.validate(arguments, schema or {})


def test_texts_are_as_short_as_they_have_to_be() -> None:
    short = {"type": "string", "maxLength": 10}
    properties = {"day": short, "reason": short, "note": short}
    schema = {"type": "object", "properties": properties, "required": ["day", "reason"]}
    found = fitted({"reason": "a long reason", "note": "a long note"}, schema)
    assert found == {"day": "2026-12-01", "reason": "the caller"}
