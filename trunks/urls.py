"""Addresses of the trunk pages, below /t/<slug>/trunks/."""

from django.urls import URLPattern, path

from trunks.access import views as access
from trunks.carriers.views import carrier, carriers
from trunks.certificates import views as certificates
from trunks.checks.views import checks
from trunks.checks.views import schedules as check_schedules
from trunks.checks.views import sharing as check_sharing
from trunks.connect import views as connect
from trunks.gateways import views as gateways
from trunks.health import views as health
from trunks.numbers.views import formats as numbers
from trunks.provisioning import views as provider
from trunks.registrations import views as registration
from trunks.session_timers import views as session_timers
from trunks.trunks import views as trunk
from trunks.views import detail, lists

app_name = "trunks"

_TRUNK = "<uuid:trunk_id>/"
_GATEWAY = f"{_TRUNK}gateways/<uuid:gateway_id>/"
_NETWORK = f"{_TRUNK}networks/<uuid:network_id>/"
_CHECK = f"{_TRUNK}checks/<uuid:check_id>/"
_AUTHORITY = "certificates/authorities/<uuid:authority_id>/"
_CERTIFICATE = "certificates/client/<uuid:certificate_id>/"
_CREDENTIAL = f"{_TRUNK}credentials/<uuid:credential_id>/"
_PROVIDER = f"{_TRUNK}provider/"
_REGISTRATION = f"{_TRUNK}registration/"

urlpatterns: list[URLPattern] = [
    path("", lists.TrunkList.as_view(), name="list"),
    path("connect/", connect.Connect.as_view(), name="create"),
    path("connect/advisor/", carriers.Advisor.as_view(), name="advisor"),
    path("connect/carriers/", carriers.Carriers.as_view(), name="carriers"),
    path("preview/", connect.AddressPreview.as_view(), name="preview"),
    path("certificates/", certificates.CertificateList.as_view(), name="certificates"),
    path("certificates/authorities/add/", certificates.AuthorityAdd.as_view(), name="authority-add"),
    path(_AUTHORITY, certificates.AuthorityDetail.as_view(), name="authority-detail"),
    path(f"{_AUTHORITY}edit/", certificates.AuthorityEdit.as_view(), name="authority-edit"),
    path(f"{_AUTHORITY}delete/", certificates.AuthorityDelete.as_view(), name="authority-delete"),
    path(
        "certificates/client/add/",
        certificates.ClientCertificateAdd.as_view(),
        name="client-certificate-add",
    ),
    path(_CERTIFICATE, certificates.ClientCertificateDetail.as_view(), name="client-certificate-detail"),
    path(
        f"{_CERTIFICATE}edit/", certificates.ClientCertificateEdit.as_view(), name="client-certificate-edit"
    ),
    path(
        f"{_CERTIFICATE}delete/",
        certificates.ClientCertificateDelete.as_view(),
        name="client-certificate-delete",
    ),
    path(_TRUNK, detail.TrunkDetail.as_view(), name="detail"),
    path(f"{_TRUNK}first-check/", connect.FirstCheck.as_view(), name="first-check"),
    path(f"{_TRUNK}history/", health.TrunkHistory.as_view(), name="history"),
    path(f"{_TRUNK}probe/", health.ProbeNow.as_view(), name="probe-now"),
    path(f"{_TRUNK}checks/", checks.CheckList.as_view(), name="checks"),
    path(f"{_TRUNK}checks/schedule/", check_schedules.ScheduleEdit.as_view(), name="check-schedule"),
    path(_CHECK, checks.CheckDetail.as_view(), name="check-detail"),
    path(f"{_CHECK}stop/", checks.CheckStop.as_view(), name="check-stop"),
    path(f"{_CHECK}report.json", checks.CheckJson.as_view(), name="check-json"),
    path(f"{_CHECK}report.txt", checks.CheckText.as_view(), name="check-text"),
    path(f"{_CHECK}messages.pcap", checks.CheckCapture.as_view(), name="check-capture"),
    path(f"{_CHECK}share/", check_sharing.CheckShares.as_view(), name="check-shares"),
    path(
        f"{_CHECK}share/<uuid:share_id>/revoke/",
        check_sharing.CheckShareRevoke.as_view(),
        name="check-share-revoke",
    ),
    path(f"{_TRUNK}edit/", trunk.TrunkEdit.as_view(), name="edit"),
    path(f"{_TRUNK}delete/", trunk.TrunkDelete.as_view(), name="delete"),
    path(f"{_TRUNK}health-checks/", health.PolicyEdit.as_view(), name="policy"),
    path(f"{_TRUNK}health-checks/preview/", health.PolicyPreview.as_view(), name="policy-preview"),
    path(f"{_TRUNK}carrier/", carrier.CarrierPage.as_view(), name="carrier"),
    path(f"{_TRUNK}carrier/apply/", carrier.ApplyLine.as_view(), name="preset-apply"),
    path(f"{_TRUNK}carrier/review/", carrier.ReviewPreset.as_view(), name="preset-review"),
    path(f"{_TRUNK}number-format/", numbers.NumberFormatEdit.as_view(), name="number-format"),
    path(f"{_TRUNK}number-format/preview/", numbers.NumberPreview.as_view(), name="number-preview"),
    path(f"{_TRUNK}session-timers/", session_timers.SessionTimerEdit.as_view(), name="session-timers"),
    path(
        f"{_TRUNK}session-timers/preview/",
        session_timers.SessionTimerPreview.as_view(),
        name="session-timers-preview",
    ),
    path(f"{_TRUNK}gateways/add/", gateways.GatewayAdd.as_view(), name="gateway-add"),
    path(_GATEWAY, gateways.GatewayDetail.as_view(), name="gateway-detail"),
    path(f"{_GATEWAY}edit/", gateways.GatewayEdit.as_view(), name="gateway-edit"),
    path(f"{_GATEWAY}delete/", gateways.GatewayDelete.as_view(), name="gateway-delete"),
    path(_REGISTRATION, registration.RegistrationDetail.as_view(), name="registration"),
    path(f"{_REGISTRATION}edit/", registration.RegistrationEdit.as_view(), name="registration-edit"),
    path(f"{_REGISTRATION}delete/", registration.RegistrationDelete.as_view(), name="registration-delete"),
    path(f"{_REGISTRATION}pause/", registration.RegistrationPause.as_view(), name="registration-pause"),
    path(f"{_REGISTRATION}resume/", registration.RegistrationResume.as_view(), name="registration-resume"),
    path(f"{_REGISTRATION}now/", registration.RegisterNow.as_view(), name="register-now"),
    path(
        f"{_REGISTRATION}attempts/<uuid:attempt_id>/",
        registration.AttemptDetail.as_view(),
        name="registration-attempt",
    ),
    path(_PROVIDER, provider.ProviderDetail.as_view(), name="provider"),
    path(f"{_PROVIDER}edit/", provider.ProviderEdit.as_view(), name="provider-edit"),
    path(f"{_PROVIDER}off/", provider.ProviderOff.as_view(), name="provider-off"),
    path(f"{_PROVIDER}apply/", provider.ProviderApply.as_view(), name="provider-apply"),
    path(f"{_PROVIDER}take/", provider.ProviderTake.as_view(), name="provider-take"),
    path(f"{_PROVIDER}look/", provider.ProviderLook.as_view(), name="provider-look"),
    path(f"{_PROVIDER}numbers/", provider.ProviderAttach.as_view(), name="provider-attach"),
    path(
        f"{_PROVIDER}numbers/<uuid:trunk_number_id>/detach/",
        provider.ProviderDetach.as_view(),
        name="provider-detach",
    ),
    path(f"{_TRUNK}access/", access.Access.as_view(), name="access"),
    path(f"{_TRUNK}networks/add/", access.NetworkAdd.as_view(), name="network-add"),
    path(f"{_NETWORK}edit/", access.NetworkEdit.as_view(), name="network-edit"),
    path(f"{_NETWORK}delete/", access.NetworkDelete.as_view(), name="network-delete"),
    path(f"{_TRUNK}credentials/add/", access.CredentialAdd.as_view(), name="credential-add"),
    path(f"{_CREDENTIAL}edit/", access.CredentialEdit.as_view(), name="credential-edit"),
    path(f"{_CREDENTIAL}delete/", access.CredentialDelete.as_view(), name="credential-delete"),
]
