"""What answers calls: publishing a draft, its versions, what they changed, letting an earlier one answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property

from agents import services
from agents.diff import differences_between
from agents.enums import Runtime, TurnDetection
from agents.forms.agents import PublishForm
from agents.models import AgentVersion
from agents.queries import numbers_by_agent
from agents.summaries import label_for, missing_words, shown_differences, words_for
from agents.texting import texting_warnings
from agents.views.base import ChangesAgents, OneAgentPage
from callsphere.lib.errors import Refused, VersionConflict
from trunks.pages.deleting import OfOneVersion

VERSIONS_LISTED = 50
_CHANGED_SINCE = "Somebody edited the draft since you opened the page. Look at what it changes now."
_FACTS = (
    *("runtime", "greeting", "consent_text", "voice", "language", "model", "turn_detection", "eagerness"),
    *("longest_call_s", "builtin_tools", "transfer_number", "stream_url", "sip_uri", "sip_username"),
)
_REALTIME = ("greeting", "consent_text", "voice", "language", "model", "turn_detection", "eagerness")
_USED_BY = {
    **dict.fromkeys((*_REALTIME, "builtin_tools"), (Runtime.OPENAI_REALTIME,)),
    "stream_url": (Runtime.MEDIA_STREAM,),
    **dict.fromkeys(("sip_uri", "sip_username"), (Runtime.SIP_URI,)),
}


class Publish(OfOneVersion, OneAgentPage, ChangesAgents):
    """Says what would change for callers and what is missing, and publishes when asked to."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self._show(PublishForm())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = PublishForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        try:
            version = services.publish(
                tenant=self.tenant,
                actor=self.actor,
                agent=self.agent,
                expected_version=self.expected_version,
                note=form.cleaned_data["note"],
            )
        except VersionConflict:
            messages.warning(request, _CHANGED_SINCE)
            return HttpResponseRedirect(request.path)
        except ValidationError as error:
            if "note" in error.message_dict:
                form.add_error("note", error.message_dict["note"])
            return self._show(form, status=422)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Version {version.number} answers calls from now on.")
        return HttpResponseRedirect(self.agent_url("detail"))

    def _show(self, form: PublishForm, *, status: int = 200) -> HttpResponse:
        published = self.agent.published
        changes = differences_between(published, self.agent) if published else []
        newest = self.agent.versions.filter(tenant=self.tenant).first()
        context = {
            **self.agent_context(),
            "form": form,
            "changes": shown_differences(changes),
            "missing": missing_words(self.agent),
            "warnings": texting_warnings(
                self.agent, numbers_by_agent(self.tenant, self.agent).get(self.agent.pk, [])
            ),
            "next_number": newest.number + 1 if newest else 1,
        }
        return render(self.request, "agents/publish.html", context, status=status)


class VersionList(OneAgentPage):
    """Every version, the newest first."""

    tab = "versions"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = self.agent.versions.filter(tenant=self.tenant)
        below = request.GET.get("below", "")
        if below.isascii() and below.isdigit() and len(below) < 10:
            rows = rows.filter(number__lt=int(below))
        listed = list(rows[: VERSIONS_LISTED + 1])
        shown = listed[:VERSIONS_LISTED]
        context = {
            **self.agent_context(),
            "versions": shown,
            "newest_url": request.path if below else "",
            "older_url": f"{request.path}?below={shown[-1].number}" if len(listed) > VERSIONS_LISTED else "",
        }
        return render(request, "agents/versions.html", context)


class OneVersionPage(OneAgentPage):
    """A page about one version of the agent."""

    @cached_property
    def shown_version(self) -> AgentVersion:
        """The version. Raises Http404."""
        rows = self.agent.versions.filter(tenant=self.tenant, pk=self.kwargs["version_id"])
        version = rows.prefetch_related("tools").first()
        if version is None:
            raise Http404("no such version here")
        return version


class VersionDetail(OneVersionPage):
    """What a version says, and what it changed since the one before."""

    tab = "versions"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        version = self.shown_version
        before = self._compared()
        changes = shown_differences(differences_between(before, version)) if before else []
        others = self.agent.versions.filter(tenant=self.tenant).exclude(pk=version.pk).only("pk", "number")
        context = {
            **self.agent_context(),
            "version": version,
            "before": before,
            "others": others[:VERSIONS_LISTED],
            "changes": changes,
            "facts": _facts(version),
            "is_realtime": version.runtime == Runtime.OPENAI_REALTIME,
        }
        return render(request, "agents/version.html", context)

    def _compared(self) -> AgentVersion | None:
        """Return the version that this one is compared with: the one asked for, or the one before."""
        rows = self.agent.versions.filter(tenant=self.tenant).exclude(pk=self.shown_version.pk)
        wanted = self.request.GET.get("with", "")
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
            found = rows.filter(number=int(wanted)).first()
            if found is not None:
                return found
        return rows.filter(number__lt=self.shown_version.number).first()


class RollBack(OfOneVersion, OneVersionPage, ChangesAgents):
    """Says what callers will hear again, and lets that version answer when asked to."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        published = self.agent.published
        changes = differences_between(published, self.shown_version) if published else []
        context = {
            **self.agent_context(),
            "version": self.shown_version,
            "changes": shown_differences(changes),
        }
        return render(request, "agents/roll_back.html", context)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        number = self.shown_version.number
        try:
            services.roll_back(
                tenant=self.tenant,
                actor=self.actor,
                agent=self.agent,
                expected_version=self.expected_version,
                number=number,
            )
        except VersionConflict:
            messages.warning(request, _CHANGED_SINCE)
            return HttpResponseRedirect(request.path)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, f"Version {number} answers calls from now on. The draft stays as it is."
            )
        return HttpResponseRedirect(self.agent_url("detail"))


def _facts(version: AgentVersion) -> list[tuple[str, str]]:
    """Return what a version says in a word each, as far as its runtime uses it."""
    names = [name for name in _FACTS if getattr(version, name) and _is_used(version, name)]
    found = [(label_for(name), words_for(name, getattr(version, name))) for name in names]
    own = [tool.name for tool in version.tools.all()]
    return [*found, (label_for("tools"), ", ".join(own))] if own else found


def _is_used(version: AgentVersion, name: str) -> bool:
    if name == "eagerness" and version.turn_detection != TurnDetection.SEMANTIC_VAD:
        return False
    return version.runtime in _USED_BY.get(name, Runtime.values)
