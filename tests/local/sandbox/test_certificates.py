"""The certificates of the sandbox: kept, renewed, and each as good or bad as it is meant to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from callsphere.local.sandbox.certificates import server_contexts


def test_certificates_are_kept_and_renewed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    server_contexts(tmp_path, now)
    authority, valid = (tmp_path / "ca.pem").read_bytes(), (tmp_path / "valid.pem").read_bytes()
    server_contexts(tmp_path, now + timedelta(days=30))
    assert (tmp_path / "valid.pem").read_bytes() == valid
    server_contexts(tmp_path, now + timedelta(days=330))
    assert (tmp_path / "valid.pem").read_bytes() != valid
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o777 == 0o600


def test_each_kind_is_made_again_when_its_time_has_changed_it(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    server_contexts(tmp_path, now)
    names = ("valid", "expired", "early", "late", "other", "stranger")
    first = {name: (tmp_path / f"{name}.pem").read_bytes() for name in names}
    server_contexts(tmp_path, now + timedelta(days=1))
    assert {name: (tmp_path / f"{name}.pem").read_bytes() for name in names} == first
    later = now + timedelta(days=6)
    server_contexts(tmp_path, later)
    changed = {name for name in names if (tmp_path / f"{name}.pem").read_bytes() != first[name]}
    assert changed == {"early", "late"}
    early = x509.load_pem_x509_certificate((tmp_path / "early.pem").read_bytes())
    assert early.not_valid_before_utc > later


def test_the_contexts_have_names(tmp_path: Path) -> None:
    contexts = server_contexts(tmp_path, datetime.now(UTC))
    assert set(contexts) == {"valid", "expired", "early", "late", "other", "stranger", "old", "asking"}
