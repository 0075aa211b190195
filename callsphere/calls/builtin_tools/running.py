"""Running a built-in tool: once for each request of the model, written down whatever comes of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from agents.builtin_runs import answer_of, claim_run, store_run
from agents.enums import Outcome
from agents.models import AgentVersion, ToolInvocation
from agents.parameters import mistakes_in
from callsphere.calls.builtin_tools.contract import (
    After,
    Builtin,
    BuiltinAnswer,
    Errand,
    Reply,
    Run,
    declined,
)
from callsphere.calls.builtin_tools.registry import chosen
from callsphere.calls.models import Call
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant

_NO_SUCH_TOOL = declined("There is no such tool. Go on without it.")
_NO_CALL = declined("This call is not known here. Go on without this tool.")
_INTERRUPTED = Reply(
    {
        "done": False,
        "what_to_do": "It is not known whether this was done, and it is not done again. Tell the caller so.",
    },
    Outcome.INTERRUPTED,
)


def run_builtin(
    *,
    tenant: Tenant,
    call_id: uuid.UUID,
    version: AgentVersion,
    name: str,
    arguments: Any,
    function_call_id: str,
) -> BuiltinAnswer:
    """Do what a model asks for in a call; the same `function_call_id` again gets the answer of then.

    Call it outside any context: it opens its own. Never raises for what the model does wrong: the output says
    what to do instead. Raises ValueError without a `function_call_id`.
    """
    if not function_call_id:
        raise ValueError("a built-in tool needs the id of the model's request")
    with tenant_context(tenant):
        tool = chosen(version, name)
        if tool is None:
            return _answer(_NO_SUCH_TOOL)
        row, is_ours = claim_run(
            tenant=tenant,
            version=version,
            builtin=tool.name,
            reference=str(call_id),
            function_call_id=function_call_id,
            arguments=arguments,
        )
        if not is_ours:
            return _answer_of(row)
        # what it does to the database stands or falls with the row: a crash undoes both
        reply = _act(tool, tenant, call_id, version, arguments, function_call_id)
        if isinstance(reply, Reply):
            return _stored(row, reply)
    settle = reply.go()
    with tenant_context(tenant):
        return _stored(row, settle())


def _act(
    tool: Builtin,
    tenant: Tenant,
    call_id: uuid.UUID,
    version: AgentVersion,
    arguments: Any,
    function_call_id: str,
) -> Reply | Errand:
    mistakes = mistakes_in(arguments, tool.parameters)
    if mistakes:
        words = " ".join(("Call it again with other arguments.", *mistakes))
        return Reply({"done": False, "what_to_do": words}, Outcome.WRONG_ARGUMENTS, " ".join(mistakes))
    rows = Call.objects.select_for_update(of=("self",), no_key=True).filter(tenant=tenant, pk=call_id)
    call = rows.first()
    if call is None:
        return _NO_CALL
    return tool.act(Run(tenant, call, version, arguments, function_call_id, database_now()))


def _stored(row: ToolInvocation, reply: Reply) -> BuiltinAnswer:
    answer = {"output": reply.output, "then": reply.then.value}
    store_run(row, reply.outcome, answer, detail=reply.detail)
    return _answer(reply)


def _answer_of(row: ToolInvocation) -> BuiltinAnswer:
    answer = answer_of(row)
    if answer is None:
        return _answer(_INTERRUPTED)
    return BuiltinAnswer(json.dumps(answer["output"]), After(answer["then"]))


def _answer(reply: Reply) -> BuiltinAnswer:
    return BuiltinAnswer(json.dumps(reply.output), reply.then)
