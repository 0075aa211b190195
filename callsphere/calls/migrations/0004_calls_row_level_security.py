"""Calls stay in their tenant; what was told stays as it came, but for the mark that it has been applied."""

from django.db import migrations

from tenants.rls import ROLES, CompositeForeignKey, EnableTenantRLS

TABLES = (
    "Call",
    "CallKey",
    "CallLeg",
    "CallNote",
    "RealtimeSession",
    "TranscriptLine",
    "VoiceMessage",
)
PARENTS = {
    "Call": ("phone_number", "trunk", "agent", "version"),
    "RealtimeSession": ("call", "version"),
    **dict.fromkeys(("CallKey", "CallLeg", "CallNote", "TranscriptLine", "VoiceMessage"), ("call",)),
}
# The owner sees the rows only while row-level security is not forced on it.
ROOTS = [
    "ALTER TABLE calls_callevent NO FORCE ROW LEVEL SECURITY",
    "UPDATE calls_callevent SET root_sid = COALESCE(payload ->> 'ParentCallSid', call_sid)",
    "ALTER TABLE calls_callevent FORCE ROW LEVEL SECURITY",
]
APPLIED = f"GRANT UPDATE (applied_at) ON calls_callevent TO {ROLES}"


class Migration(migrations.Migration):
    dependencies = [("calls", "0003_calls")]

    operations = [
        *(EnableTenantRLS(name) for name in TABLES),
        *(CompositeForeignKey(name, field) for name, fields in PARENTS.items() for field in fields),
        migrations.RunSQL(ROOTS, migrations.RunSQL.noop),
        migrations.RunSQL(APPLIED, f"REVOKE UPDATE (applied_at) ON calls_callevent FROM {ROLES}"),
    ]
