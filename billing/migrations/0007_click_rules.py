"""Affiliates see clicks of their own links; a day's salt is nobody's to see."""

from django.db import migrations

from tenants.rls import USER, EnablePlatformRLS

OWN_ROWS = f"affiliate_id IN (SELECT id FROM billing_affiliate WHERE user_id = {USER})"


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_clicks")]

    operations = [
        EnablePlatformRLS("ReferralClick", own_rows=OWN_ROWS),
        EnablePlatformRLS("ClickSalt"),
    ]
