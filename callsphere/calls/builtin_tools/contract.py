"""What a built-in tool is, what it is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from agents.enums import BuiltinTool, Outcome
from agents.models import AgentVersion
from callsphere.calls.models import Call
from tenants.models import Tenant


class After(StrEnum):
    """What becomes of the call once the model has its answer."""

    NOTHING = "nothing"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class BuiltinAnswer:
    """What the model is told (JSON), and what to do then."""

    output: str
    then: After = After.NOTHING


@dataclass(frozen=True, slots=True)
class Run:
    """What a model asks for in a call. `arguments` fit the tool's schema. The call's row is locked."""

    tenant: Tenant
    call: Call
    version: AgentVersion
    arguments: Mapping[str, Any]
    function_call_id: str
    now: datetime

    def text(self, name: str) -> str:
        """Return an argument as the database takes it, without blanks around it; "" when it was left out."""
        text = str(self.arguments.get(name, "")).replace("\0", "")
        return text.encode("utf-8", "replace").decode().strip()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a run. `output` is for the model, `detail` for people, without anything personal."""

    output: dict[str, Any]
    outcome: Outcome = Outcome.OK
    detail: str = ""
    then: After = After.NOTHING


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that needs the network: `go` outside any transaction, what it returns inside one again."""

    go: Callable[[], Callable[[], Reply]]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in tool: what models are told of it, and what it does, inside the tenant's context."""

    name: BuiltinTool
    description: str
    properties: dict[str, Any]
    act: Callable[[Run], Reply | Errand]
    required: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }

    @property
    def function(self) -> dict[str, Any]:
        """Return it as OpenAI takes it."""
        about = {"name": self.name.value, "description": self.description}
        return {"type": "function", **about, "parameters": self.parameters}


def done(**facts: Any) -> Reply:
    """Return that it worked, with what the model may tell the caller."""
    return Reply({"done": True, **facts})


def declined(what_to_do: str, detail: str = "", **facts: Any) -> Reply:
    """Return that it did not, and what the model is to do instead."""
    output = {"done": False, "what_to_do": what_to_do, **facts}
    return Reply(output, Outcome.DECLINED, detail or what_to_do)
