"""Trunks, what belongs to them, and what is known of their health, registrations and readiness."""

from trunks.models.access import AllowedNetwork, DigestCredential
from trunks.models.certificates import ClientCertificate, Expiring, TrustedAuthority
from trunks.models.checks import CheckSchedule, CheckShare, HostAllowance, PlacedCall, ReadinessCheck
from trunks.models.emergencies import EmergencyAddress
from trunks.models.gateways import Gateway
from trunks.models.health import (
    AddressAllowance,
    GatewayHealth,
    HealthPolicy,
    ProbeAnswer,
    ProbeBucket,
    ProbeHour,
    StatusChange,
)
from trunks.models.live_calls import LiveCall
from trunks.models.numbers import NumberJob, NumberSearch, PhoneNumber, ProviderAccount
from trunks.models.provisioning import ProviderPace, TrunkNumber, TrunkProvision
from trunks.models.refreshes import NumberRefresh
from trunks.models.registrations import (
    RegistrarPace,
    Registration,
    RegistrationAttempt,
    RegistrationChange,
    RegistrationFarewell,
    RegistrationStatus,
)
from trunks.models.session_timers import SessionTimerPolicy
from trunks.models.trunks import Trunk
from trunks.models.verifications import NumberVerification

__all__ = [
    "AddressAllowance",
    "AllowedNetwork",
    "CheckSchedule",
    "CheckShare",
    "ClientCertificate",
    "DigestCredential",
    "EmergencyAddress",
    "Expiring",
    "Gateway",
    "GatewayHealth",
    "HealthPolicy",
    "HostAllowance",
    "LiveCall",
    "NumberJob",
    "NumberRefresh",
    "NumberSearch",
    "NumberVerification",
    "PhoneNumber",
    "PlacedCall",
    "ProbeAnswer",
    "ProbeBucket",
    "ProbeHour",
    "ProviderAccount",
    "ProviderPace",
    "ReadinessCheck",
    "RegistrarPace",
    "Registration",
    "RegistrationAttempt",
    "RegistrationChange",
    "RegistrationFarewell",
    "RegistrationStatus",
    "SessionTimerPolicy",
    "StatusChange",
    "Trunk",
    "TrunkNumber",
    "TrunkProvision",
    "TrustedAuthority",
]
