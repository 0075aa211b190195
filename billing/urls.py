"""Addresses of plans and payment: what a tenant has below /t/<slug>/billing/, prices, affiliates, Stripe."""

from django.urls import URLPattern, path

from billing.views import affiliate, affiliate_keys, plan, pricing, referral, webhooks

app_name = "billing"

_BILLING = "t/<slug:tenant>/billing/"

urlpatterns: list[URLPattern] = [
    path("pricing/", pricing.pricing, name="pricing"),
    path("start/<slug:plan>/", pricing.start, name="start"),
    path("affiliates/", affiliate.about, name="affiliates"),
    path("affiliate/", affiliate.Overview.as_view(), name="affiliate"),
    path("affiliate/statement/", affiliate.StatementPage.as_view(), name="affiliate-statement"),
    path("affiliate/statement.csv", affiliate.StatementFile.as_view(), name="affiliate-statement-file"),
    path("affiliate/keys/new/", affiliate_keys.KeyCreate.as_view(), name="affiliate-key-create"),
    path(
        "affiliate/keys/<uuid:key_id>/revoke/",
        affiliate_keys.KeyRevoke.as_view(),
        name="affiliate-key-revoke",
    ),
    path("r/<slug:code>/", referral.follow_link, name="referral"),
    path("webhooks/stripe/", webhooks.stripe, name="stripe-webhook"),
    path(_BILLING, plan.PlanPage.as_view(), name="plan"),
    path(f"{_BILLING}plans/", plan.Choose.as_view(), name="choose"),
    path(f"{_BILLING}plans/<slug:plan>/", plan.Change.as_view(), name="change"),
    path(f"{_BILLING}cancel/", plan.Cancel.as_view(), name="cancel"),
    path(f"{_BILLING}resume/", plan.Resume.as_view(), name="resume"),
    path(f"{_BILLING}payment/", plan.Payment.as_view(), name="payment"),
    path(f"{_BILLING}requests/<uuid:request_id>/", plan.RequestPage.as_view(), name="request"),
    path(f"{_BILLING}returned/", plan.Returned.as_view(), name="returned"),
    path(f"{_BILLING}invoices/", plan.Invoices.as_view(), name="invoices"),
]
