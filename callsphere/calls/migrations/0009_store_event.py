"""Storing what is told of a call on a number, as a function: PostgreSQL keeps its plans, and parses none."""

from django.db import migrations

# Runs with the caller's own rights, so that the tenant's policies bind it. Twilio's token for the account must be
# the one that proved the request, else nothing is stored.
STORE = """
CREATE FUNCTION calls_store_event(
    account_sid text, account_token text, number_id uuid, event_id uuid, event_tenant uuid, event_kind text,
    leg_sid text, of_root text, of_subject text, of_sequence bigint, of_status text, told jsonb
) RETURNS TABLE (place_id uuid, place_state text, may_take boolean, is_proven boolean)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT place.id, place.state, tenant.is_active AND tenant.read_only_reason = '',
           EXISTS (SELECT FROM trunks_provideraccount AS account
                   WHERE account.tenant_id = place.tenant_id AND account.sid = account_sid
                     AND account.auth_token = account_token)
    INTO place_id, place_state, may_take, is_proven
    FROM trunks_phonenumber AS place JOIN tenants_tenant AS tenant ON tenant.id = place.tenant_id
    WHERE place.id = number_id;
    IF place_id IS NULL THEN
        RETURN;
    END IF;
    IF is_proven THEN
        INSERT INTO calls_callevent (id, tenant_id, phone_number_id, kind, call_sid, root_sid, subject,
                                     sequence_number, call_status, payload)
        VALUES (event_id, event_tenant, place_id, event_kind, leg_sid, of_root, of_subject,
                of_sequence, of_status, told)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$
"""
DROP = "DROP FUNCTION calls_store_event(text, text, uuid, uuid, uuid, text, text, text, text, bigint, text, jsonb)"


class Migration(migrations.Migration):
    dependencies = [("calls", "0008_retention")]

    operations = [migrations.RunSQL(STORE, DROP)]
