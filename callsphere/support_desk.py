"""How the admin looks to support: its name, its colours, and what its menu leads to."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _mark(request: object) -> str:
    return static("img/favicon.svg")


def _styles(request: object) -> str:
    return static("css/support.css")


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


# Shades of the product's primary colour; 600 is that of its buttons.
_PRIMARY = {
    "50": "oklch(97.5% .012 268)",
    "100": "oklch(94.5% .03 268)",
    "200": "oklch(89% .06 268)",
    "300": "oklch(82% .095 270)",
    "400": "oklch(72% .135 271)",
    "500": "oklch(60% .185 269)",
    "600": "oklch(48% .215 268)",
    "700": "oklch(43% .2 268)",
    "800": "oklch(37% .17 268)",
    "900": "oklch(31% .135 268)",
    "950": "oklch(23% .1 268)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "CallSphere support",
    "SITE_HEADER": "CallSphere support",
    "SITE_ICON": _mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
    "STYLES": [_styles],
    "COLORS": {"primary": _PRIMARY},
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Customers",
                "items": [
                    _item("Tenants", "apartment", "tenants_tenant"),
                    _item("People", "group", "tenants_user"),
                    _item("Invitations", "mail", "tenants_invitation"),
                    _item("API keys", "key", "tenants_apikey"),
                ],
            },
            {
                "title": "Lines",
                "items": [
                    _item("Incidents", "notifications", "alerts_incident"),
                    _item("Trunks", "cable", "trunks_trunk"),
                    _item("Registrations", "app_registration", "trunks_registration"),
                    _item("Set-ups at Twilio", "sync_alt", "trunks_trunkprovision"),
                    _item("Readiness checks", "fact_check", "trunks_readinesscheck"),
                    _item("Calls", "call", "calls_call"),
                    _item("Sessions with OpenAI", "forum", "calls_realtimesession"),
                    _item("Voice messages", "voicemail", "calls_voicemessage"),
                    _item("Messages taken", "sms", "calls_callermessage"),
                    _item("Callbacks", "phone_callback", "calls_callbackrequest"),
                    _item("Text messages", "textsms", "calls_textmessage"),
                    _item("Outbound calls", "phone_forwarded", "outbound_outboundcall"),
                    _item("Numbers not to call", "phone_disabled", "outbound_donotcall"),
                    _item("Campaigns", "campaign", "outbound_campaign"),
                    _item("Contacts of campaigns", "contacts", "outbound_campaigncontact"),
                    _item("Escalations", "emergency", "escalations_escalation"),
                    _item("People on call", "contact_emergency", "escalations_oncallperson"),
                    _item("Policies of escalations", "rule", "escalations_escalationpolicy"),
                    _item("Events of calls", "call_log", "calls_callevent"),
                    _item("Trusted authorities", "verified", "trunks_trustedauthority"),
                    _item("Client certificates", "badge", "trunks_clientcertificate"),
                ],
            },
            {
                "title": "Numbers",
                "items": [
                    _item("Phone numbers", "dialpad", "trunks_phonenumber"),
                    _item("Work on numbers", "published_with_changes", "trunks_numberjob"),
                    _item("Accounts at Twilio", "account_balance_wallet", "trunks_provideraccount"),
                    _item("Searches", "search", "trunks_numbersearch"),
                ],
            },
            {
                "title": "Agents",
                "items": [
                    _item("Agents", "support_agent", "agents_agent"),
                    _item("Versions of agents", "difference", "agents_agentversion"),
                    _item("Routes of numbers", "call_split", "agents_numberroute"),
                    _item("Business hours", "schedule", "agents_businesshours"),
                    _item("Tools", "build", "agents_tool"),
                    _item("Calls of tools", "webhook", "agents_toolinvocation"),
                ],
            },
            {
                "title": "Billing",
                "items": [
                    _item("Subscriptions", "credit_card", "billing_subscription"),
                    _item("Invoices", "receipt_long", "billing_invoice"),
                    _item("Announcements", "campaign", "billing_notice"),
                    _item("Plans", "sell", "billing_plan"),
                    _item("Asked of Stripe", "outgoing_mail", "billing_billingrequest"),
                    _item("Heard of Stripe", "inbox", "billing_stripeevent"),
                ],
            },
            {
                "title": "Affiliates",
                "items": [
                    _item("Affiliates", "handshake", "billing_affiliate"),
                    _item("Referrals", "group_add", "billing_referral"),
                    _item("Commissions", "percent", "billing_commission"),
                    _item("Ledger", "menu_book", "billing_ledgertransaction"),
                    _item("Payouts", "payments", "billing_payout"),
                    _item("Affiliates' keys", "key", "billing_affiliatekey"),
                ],
            },
            {
                "title": "Records",
                "items": [
                    _item("Audit", "history", "tenants_auditevent"),
                    _item("Account log", "manage_accounts", "tenants_platformevent"),
                    _item("Mails", "outbox", "tenants_outgoingmail"),
                ],
            },
        ],
    },
}
