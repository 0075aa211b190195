"""Tools that agents call in the tenant's own systems, which agents use which, and what came of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from agents.enums import BuiltinTool, InvocationKind, Outcome
from agents.models.agents import Agent, AgentVersion
from tenants.fields import EncryptedTextField
from tenants.models import Tenant, TenantOwned, VersionedOwned

LONGEST_ENDPOINT = 500
LONGEST_DESCRIPTION = 1024
LONGEST_TIMEOUT_S = 20
LONGEST_DETAIL = 500
TOOL_NAME = r"^[a-zA-Z0-9_-]{1,64}$"


class Tool(VersionedOwned):
    """Something of the tenant's that agents may ask over HTTPS.

    `secret_headers` are sealed, as JSON from name to value, and kept for the host that they were entered for.
    A deleted tool's row stays, since versions of agents and the log name it.
    """

    name = models.CharField(max_length=64)
    description = models.CharField(max_length=LONGEST_DESCRIPTION, blank=True)
    parameters = models.JSONField(help_text="JSON Schema of an object")
    endpoint = models.CharField(max_length=LONGEST_ENDPOINT)
    timeout_s = models.PositiveSmallIntegerField(
        "time limit in seconds",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT_S)],
    )
    is_idempotent = models.BooleanField(
        "may be repeated",
        default=False,
        help_text="Whether to call it twice does no more than to call it once",
    )
    header_names = ArrayField(models.CharField(max_length=64), default=list, blank=True, editable=False)
    secret_headers = EncryptedTextField(blank=True, default="")
    headers_set_at = models.DateTimeField(null=True, editable=False)
    signing_secret = EncryptedTextField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=Q(deleted_at=None),
                name="tool_name_once",
                violation_error_message="You have a tool of this name.",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=TOOL_NAME) & ~Q(name__in=BuiltinTool.values), name="tool_name_usable"
            ),
            models.CheckConstraint(condition=Q(endpoint__regex="^https?://"), name="tool_endpoint_http"),
            models.CheckConstraint(
                condition=Q(timeout_s__range=(1, LONGEST_TIMEOUT_S)), name="tool_timeout_bounded"
            ),
            models.CheckConstraint(
                condition=Q(header_names=[], secret_headers="", headers_set_at=None)
                | ~Q(header_names=[]) & ~Q(secret_headers="") & Q(headers_set_at__isnull=False),
                name="tool_headers_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgentTool(TenantOwned):
    """A tool that an agent's draft may use."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="tool_choices")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="agent_choices")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "agent", "tool"], name="agent_tool_once")]

    def __str__(self) -> str:
        return f"{self.agent} uses {self.tool}"


class VersionTool(TenantOwned):
    """A tool as a version of an agent was told of it; where it is called, the tool itself says."""

    version = models.ForeignKey(AgentVersion, on_delete=models.PROTECT, related_name="tools")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="version_choices")
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=LONGEST_DESCRIPTION)
    parameters = models.JSONField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "tool"], name="version_tool_once"),
            models.UniqueConstraint(fields=["tenant", "version", "name"], name="version_tool_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ToolInvocation(TenantOwned):
    """A tool was called, or is to be called as a test. What was asked and answered is kept masked.

    It is the tenant's own `tool` or a `builtin` one. A test waits with `due_at` for a worker, its arguments
    sealed until it is done; each claim raises `claim`. A built-in tool acts once for each `function_call_id`
    of a call (`reference`): until its outcome is known somebody is at it, or died over it. What it told the
    model is sealed while the call may ask again.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    tool = models.ForeignKey(
        Tool, null=True, on_delete=models.PROTECT, related_name="invocations", db_index=False
    )
    builtin = models.CharField("built-in tool", max_length=32, choices=BuiltinTool, blank=True)
    version = models.ForeignKey(
        AgentVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, choices=InvocationKind)
    reference = models.CharField(max_length=64, blank=True, help_text="The call that it was for")
    function_call_id = models.CharField(max_length=128, blank=True, help_text="The model's id of its request")
    arguments = models.JSONField(default=dict, help_text="Masked: what kind of values, not which")
    sealed_arguments = EncryptedTextField(blank=True, default="")
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)
    status = models.PositiveSmallIntegerField("HTTP status", null=True)
    answer = models.JSONField(null=True, help_text="Masked")
    sealed_answer = EncryptedTextField(blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    duration_ms = models.PositiveIntegerField("duration in milliseconds", null=True)
    due_at = models.DateTimeField(null=True)
    claim = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=InvocationKind.values,
                    outcome__in=["", *Outcome.values],
                    builtin__in=["", *BuiltinTool.values],
                ),
                name="tool_invocation_words_known",
            ),
            models.CheckConstraint(
                condition=Q(tool__isnull=False, builtin="", function_call_id="", sealed_answer="")
                | Q(tool=None, kind=InvocationKind.CALL)
                & ~Q(builtin="")
                & ~Q(function_call_id="")
                & ~Q(reference=""),
                name="tool_invocation_one_tool",
            ),
            models.UniqueConstraint(
                fields=["tenant", "reference", "function_call_id"],
                condition=~Q(function_call_id=""),
                name="tool_invocation_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", due_at__isnull=False, ended_at=None, kind=InvocationKind.TEST)
                | ~Q(outcome="") & Q(due_at=None, ended_at__isnull=False, sealed_arguments="")
                | ~Q(builtin="") & Q(outcome="", due_at=None, ended_at=None, sealed_arguments=""),
                name="tool_invocation_due_until_ended",
            ),
        ]
        indexes = [
            # the log of a tool, newest first
            models.Index(F("tool"), F("created_at").desc(), F("id").desc(), name="tool_invocation_newest"),
            # what was called for one call
            models.Index(
                fields=["tenant", "reference"],
                name="tool_invocation_for_call",
                condition=~Q(reference=""),
            ),
            # tests that wait
            models.Index(fields=["due_at"], name="tool_invocation_due", condition=Q(due_at__isnull=False)),
            # what is old enough to be forgotten
            models.Index(
                fields=["ended_at"], name="tool_invocation_over", condition=Q(ended_at__isnull=False)
            ),
            # answers to be forgotten, and what never ended
            models.Index(
                fields=["created_at"],
                name="tool_invocation_sealed",
                condition=~Q(sealed_answer="") | Q(outcome=""),
            ),
        ]

    @property
    def asked(self) -> str:
        """Return the name of what was called: the tenant's tool, or a built-in one."""
        return self.tool.name if self.tool else self.builtin

    def __str__(self) -> str:
        return f"{self.tool or self.get_builtin_display()}: {self.get_outcome_display() or 'waits'}"
