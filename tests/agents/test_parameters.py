"""Schemas of tools, as they are saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents.parameters import LONGEST_ARGUMENTS, check_schema, mistakes_in
from tests.agents.conftest import DAY


def test_a_usable_schema_stays_as_it_is() -> None:
    assert check_schema(DAY) == DAY
    named = {"type": "object", "properties": {"pattern": {"type": "string", "enum": ["a", "b"]}}}
    assert check_schema(named) == named
    lists = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
    nested_choice = {"type": "object", "properties": {"type": {"const": "array"}, "a": lists}}
    assert check_schema(nested_choice) == nested_choice
    told = {"type": "object", "description": r"not \u0000, which is six characters"}
    assert check_schema(told) == told


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        inner = {"type": "object", "properties": {"a": inner}}
    return inner


def in_lists(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ([], "Describe an object"),
        ({"type": "string"}, "Describe an object"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "no JSON Schema: properties/a/type"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, r"\$ref cannot be used"),
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "pattern cannot be used"),
        ({"type": "object", "if": {"patternProperties": {}}}, "patternProperties cannot be used"),
        ({"type": "object", "description": "x" * 20_000}, "at most 16384 bytes"),
        (nested(20), "at most 12 levels"),
        ({"type": "object", "anyOf": [{"required": ["a"]}]}, "anyOf cannot stand at the top"),
        ({"type": "object", "enum": [{}]}, "enum cannot stand at the top"),
        ({"type": "object", "properties": {"a": {"type": "array"}}}, "items"),
        ({"type": "object", "properties": {"a": {"anyOf": [{"type": ["null", "array"]}]}}}, "items"),
        ({"type": "object", "x-a": in_lists(900)}, "nested too deeply"),
        ({"type": "object", "default": in_lists(900)}, "nested too deeply"),
        ({"type": "object", "minProperties": float("nan")}, "no JSON"),
        ({"type": "object", "default": float("inf")}, "no JSON"),
        ({"type": "object", "description": "a\0b"}, "no JSON"),
        ({"type": "object", "title": "\ud83d"}, "no JSON"),
    ],
)
def test_what_cannot_be_used_is_refused(schema: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as refused:
        check_schema(schema)
    assert list(refused.value.message_dict) == ["parameters"]


def test_mistakes_never_tell_the_values() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"enum": ["a"]}, "age": {"type": "integer"}},
        "additionalProperties": False,
    }
    told = " ".join(mistakes_in({"name": "Jane Roe", "age": "forty", "Jane Roe": 1}, schema))
    assert ("Jane" in told, "forty" in told) == (False, False)
    assert told.count(".") == 3


def test_long_arguments_are_refused() -> None:
    found = mistakes_in({"day": "x" * LONGEST_ARGUMENTS}, DAY)
    assert found == ["The arguments are longer than 16384 bytes."]


@pytest.mark.parametrize("value", [float("nan"), in_lists(900)])
def test_what_is_no_json_is_refused(value: Any) -> None:
    assert mistakes_in({"day": value}, {"type": "object"}) == [
        "The arguments are no JSON: NaN, or nested too deeply."
    ]


def test_arguments_that_cannot_be_compared_do_not_fit() -> None:
    schema = {"type": "object", "properties": {"day": {"multipleOf": 0.5}}}
    assert mistakes_in({"day": 10**400}, schema) == ["The arguments cannot be checked against the schema."]
