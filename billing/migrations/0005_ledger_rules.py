"""Who sees what of affiliates, what never changes, and that the ledger balances."""

from django.db import migrations

from tenants.rls import TENANT, USER, EnablePlatformRLS

OWN = f"SELECT id FROM billing_affiliate WHERE user_id = {USER}"
OWN_ROWS = f"affiliate_id IN ({OWN})"
OF_OWN_REFERRALS = f"referral_id IN (SELECT id FROM billing_referral WHERE {OWN_ROWS})"
OF_OWN_TRANSACTIONS = f"transaction_id IN (SELECT id FROM billing_ledgertransaction WHERE {OWN_ROWS})"
OF_OWN_PAYOUTS = f"id IN (SELECT payout_id FROM billing_ledgertransaction WHERE {OWN_ROWS})"

# Each statement adds entries that balance, and none can be changed afterwards: so all balance at any moment.
BALANCE = """
CREATE FUNCTION billing_entries_balance() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transaction_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the entries of a transaction do not balance'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_balances AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_entries_balance();
"""
NO_BALANCE = """
DROP TRIGGER ledger_balances ON billing_ledgerentry;
DROP FUNCTION billing_entries_balance();
"""

# Whoever changes what a commission depends on need not think of it.
FOLLOW = """
CREATE FUNCTION billing_invoice_commission_due() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.commission_due = true;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_commission_due BEFORE UPDATE ON billing_invoice FOR EACH ROW
    WHEN ((OLD.status, OLD.net, OLD.total, OLD.paid, OLD.refunded, OLD.disputed, OLD.paid_at)
        IS DISTINCT FROM (NEW.status, NEW.net, NEW.total, NEW.paid, NEW.refunded, NEW.disputed, NEW.paid_at))
    EXECUTE FUNCTION billing_invoice_commission_due();
"""
NO_FOLLOW = """
DROP TRIGGER invoice_commission_due ON billing_invoice;
DROP FUNCTION billing_invoice_commission_due();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_affiliates")]

    operations = [
        EnablePlatformRLS("Affiliate", own_rows=f"user_id = {USER}"),
        EnablePlatformRLS("ReferralTouch", own_rows=f"user_id = {USER}"),
        EnablePlatformRLS("Referral", own_rows=OWN_ROWS, may_add=f"customer_id = {TENANT}"),
        EnablePlatformRLS("Commission", own_rows=OF_OWN_REFERRALS),
        EnablePlatformRLS("LedgerTransaction", own_rows=OWN_ROWS, append_only=True),
        EnablePlatformRLS("LedgerEntry", own_rows=OF_OWN_TRANSACTIONS, append_only=True),
        EnablePlatformRLS("Payout", own_rows=OF_OWN_PAYOUTS, append_only=True),
        migrations.RunSQL(BALANCE, NO_BALANCE),
        migrations.RunSQL(FOLLOW, NO_FOLLOW),
    ]
