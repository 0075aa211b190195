"""What models are told of built-in tools."""

from __future__ import annotations

import pytest

from agents.enums import BuiltinTool
from agents.parameters import check_schema, mistakes_in
from callsphere.calls.builtin_tools import functions_of
from callsphere.calls.builtin_tools.registry import BUILTINS
from tests.agents.conftest import make_agent, publish
from tests.calls.builtin_tools.conftest import Talk
from tests.conftest import Person


def test_every_tool_that_can_be_chosen_is_there() -> None:
    assert sorted(BUILTINS) == sorted(BuiltinTool.values)


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_schemas_are_those_that_tools_of_tenants_may_have(name: str) -> None:
    tool = BUILTINS[name]
    assert check_schema(tool.parameters) == tool.parameters
    assert mistakes_in({"more": 1}, tool.parameters) != []
    assert 0 < len(tool.description) <= 1024


def test_as_functions(talk: Talk) -> None:
    functions = functions_of(talk.version)
    assert [each["name"] for each in functions] == talk.version.builtin_tools == BuiltinTool.values
    assert functions[-1] == {
        "type": "function",
        "name": "hang_up",
        "description": BUILTINS["hang_up"].description,
        "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    }


def test_only_those_that_were_chosen(alice: Person) -> None:
    version = publish(alice, make_agent(alice, builtin_tools=["hang_up"]))
    assert [each["name"] for each in functions_of(version)] == ["hang_up"]
