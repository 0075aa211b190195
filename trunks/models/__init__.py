"""Trunks, what belongs to them, and what is known of their health and registrations."""

from trunks.models.registrations import (
    RegistrarPace,
    Registration,
    RegistrationAttempt,
    RegistrationChange,
    RegistrationFarewell,
    RegistrationStatus,
)
from trunks.models.trunks import (
    AddressAllowance,
    AllowedNetwork,
    DigestCredential,
    Gateway,
    GatewayHealth,
    HealthPolicy,
    ProbeAnswer,
    ProbeBucket,
    ProbeHour,
    StatusChange,
    Trunk,
    Versioned,
)

__all__ = [
    "AddressAllowance",
    "AllowedNetwork",
    "DigestCredential",
    "Gateway",
    "GatewayHealth",
    "HealthPolicy",
    "ProbeAnswer",
    "ProbeBucket",
    "ProbeHour",
    "RegistrarPace",
    "Registration",
    "RegistrationAttempt",
    "RegistrationChange",
    "RegistrationFarewell",
    "RegistrationStatus",
    "StatusChange",
    "Trunk",
    "Versioned",
]
