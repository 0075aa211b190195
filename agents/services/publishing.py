"""What answers calls: a draft becomes a version, an older version answers again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agents.agent_templates import agent_templates
from agents.diff import choices_of, differing
from agents.enums import BuiltinTool, Runtime
from agents.models import Agent, AgentVersion, Tool, VersionTool
from agents.models.agents import CONFIGURED
from agents.services.agents import lock_agent
from agents.services.choices import deleted_tools_of
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.keys import reveal, seal_for
from tenants.models import Tenant
from tenants.services.editing import check_version, one_line

LONGEST_NOTE = 200


def publish(
    *, tenant: Tenant, actor: Actor, agent: Agent, expected_version: int | None, note: str = ""
) -> AgentVersion:
    """Make the draft a version, and let it answer calls from now on.

    Raises ValidationError by field for what an agent cannot do without, VersionConflict, and Refused when the
    draft is what answers already, or the agent is gone.
    """
    note = one_line("note", note)[:LONGEST_NOTE]
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        check_version(row, expected_version, {})
        missing = dict(_missing(row))
        if missing:
            raise ValidationError(missing)
        if row.published is not None and not differing(row.published, row):
            raise Refused("Nothing has changed since this agent was published.", code="nothing_to_publish")
        version = _freeze(row, note=note, actor=actor)
        _answer_as(row, version, tenant=tenant, actor=actor, verb="agent.published", reason=note)
    return version


def roll_back(
    *, tenant: Tenant, actor: Actor, agent: Agent, expected_version: int | None, number: int
) -> AgentVersion:
    """Let an earlier version answer calls again; the draft stays as it is.

    Raises ValidationError for a number that no version has, VersionConflict, and Refused when that version
    answers already, a tool of it was deleted, or the agent is gone.
    """
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        check_version(row, expected_version, {"number": number})
        version = row.versions.filter(tenant=tenant, number=number).first()
        if version is None:
            raise ValidationError(
                {"number": ValidationError("There is no such version.", code="does_not_exist")}
            )
        if row.published_id == version.pk:
            raise Refused(f"Version {number} answers calls already.", code="published_already")
        gone = deleted_tools_of(version)
        if gone:
            words = f"Version {number} uses tools that were deleted: {', '.join(gone)}."
            raise Refused(words, code="tool_deleted")
        _answer_as(row, version, tenant=tenant, actor=actor, verb="agent.rolled_back")
    return version


def missing_in(agent: Agent) -> dict[str, list[str]]:
    """Return by field what keeps a draft from being published, in sentences; empty when nothing does."""
    return ValidationError(dict(_missing(agent))).message_dict


def words_to_fill_in(agent: Agent) -> dict[str, list[str]]:
    """Return by field which words of the template still wait in a draft to be replaced, each once."""
    template = agent_templates().get(agent.template)
    waiting = template.to_fill_in if template else ()
    found = {
        name: [words for words in re.findall(r"\[[^\]\n]+\]", getattr(agent, name)) if words in waiting]
        for name in ("instructions", "safety_rules", "greeting", "consent_text")
    }
    return {name: list(dict.fromkeys(words)) for name, words in found.items() if words}


def _freeze(agent: Agent, *, note: str, actor: Actor) -> AgentVersion:
    newest = agent.versions.filter(tenant=agent.tenant_id).order_by("-number").first()
    values: dict[str, Any] = {name: getattr(agent, name) for name in CONFIGURED}
    version = AgentVersion(
        tenant=agent.tenant,
        agent=agent,
        number=newest.number + 1 if newest else 1,
        note=note,
        published_by=actor.label[:254],
        **values,
    )
    if agent.sip_secret:
        # sealed for one row: the version's own is sealed anew
        version.sip_secret = seal_for(version, "sip_secret", reveal(agent, "sip_secret"))
    version.save(force_insert=True)
    VersionTool.objects.bulk_create(
        VersionTool(tenant=agent.tenant, version=version, tool=tool, **_told(tool))
        for tool in _tools_of(agent)
    )
    return version


def _tools_of(agent: Agent) -> list[Tool]:
    return [each.tool for each in choices_of(agent)]


def _told(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


def _answer_as(
    agent: Agent, version: AgentVersion, *, tenant: Tenant, actor: Actor, verb: str, reason: str = ""
) -> None:
    before = agent.published.number if agent.published else None
    agent.published, agent.published_at = version, timezone.now()
    agent.version += 1
    agent.save(update_fields=["published", "published_at", "version", "updated_at"])
    changes = {"published_version": [before, version.number]}
    record_event(tenant=tenant, actor=actor, verb=verb, obj=agent, changes=changes, reason=reason)


def _missing(agent: Agent) -> Iterator[tuple[str, ValidationError]]:
    """Yield by field what has to be there before calls can be taken."""
    if agent.runtime == Runtime.OPENAI_REALTIME and not agent.instructions:
        yield "instructions", ValidationError("Say what the agent is there for.", code="required")
    if agent.runtime == Runtime.MEDIA_STREAM and not agent.stream_url:
        yield "stream_url", ValidationError("Enter where calls are streamed to.", code="required")
    if agent.runtime == Runtime.SIP_URI and not agent.sip_uri:
        yield "sip_uri", ValidationError("Enter where calls are sent to.", code="required")
    if BuiltinTool.TRANSFER_TO_HUMAN in agent.builtin_tools and not agent.transfer_number:
        words = "Enter the number of whoever takes calls that the agent transfers to a human."
        yield "transfer_number", ValidationError(words, code="required")
    if agent.sip_username and not agent.sip_secret:
        words = "Enter the password. It is kept only for the address and user name it was entered for."
        yield "sip_secret", ValidationError(words, code="required")
    unexplained = [tool.name for tool in _tools_of(agent) if not tool.description]
    if unexplained:
        words = f"Describe {', '.join(unexplained)}: the model cannot know what it is for."
        yield "tool_ids", ValidationError(words, code="undescribed")
    yield from _unfilled(agent)


def _unfilled(agent: Agent) -> Iterator[tuple[str, ValidationError]]:
    """Yield the texts in which words of the template still wait to be replaced."""
    for name, words in words_to_fill_in(agent).items():
        yield name, ValidationError(f"Replace {', '.join(words)}.", code="to_fill_in")
