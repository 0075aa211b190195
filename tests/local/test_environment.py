"""The generated environment: made once, private, completed and kept."""

import stat
from pathlib import Path

import pytest

from callsphere.local import environment


def test_file_is_private_and_complete(tmp_path: Path) -> None:
    values = environment.ensure(tmp_path)

    path = environment.env_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert values == environment.read(path)
    assert set(values) >= {
        "SECRET_KEY",
        "KEY_ENCRYPTION_KEYS",
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
    }
    assert values["EMAIL_FILE_PATH"] == str(tmp_path / "mail")


def test_second_time_changes_nothing(tmp_path: Path) -> None:
    environment.ensure(tmp_path)
    path = environment.env_file(tmp_path)
    before, written = path.read_text(), path.stat().st_mtime_ns

    environment.ensure(tmp_path)

    assert (path.read_text(), path.stat().st_mtime_ns) == (before, written)


def test_two_folders_share_no_secret(tmp_path: Path) -> None:
    first = environment.ensure(tmp_path)
    (tmp_path / "other").mkdir()
    second = environment.ensure(tmp_path / "other")

    for name in environment.secret_values():
        assert first[name] != second[name]


def test_lines_of_people_stay(tmp_path: Path) -> None:
    environment.ensure(tmp_path)
    path = environment.env_file(tmp_path)
    path.write_text(path.read_text() + "# ours\nSENTRY_DSN=https://key@sentry.example/1\n")

    environment.update(path, {"REDIS_URL": "redis://:x@127.0.0.1:25001/0"})

    assert environment.read(path)["SENTRY_DSN"] == "https://key@sentry.example/1"
    assert environment.read(path)["REDIS_URL"] == "redis://:x@127.0.0.1:25001/0"
    assert "# ours\n" in path.read_text()


def test_a_file_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    environment.ensure(tmp_path)
    path = environment.env_file(tmp_path)
    path.chmod(0o644)

    environment.ensure(tmp_path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_process_wins_and_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"REDIS_URL": "redis://file", "SECRET_KEY": "file", "LOG_FORMAT": "console"}
    monkeypatch.setenv("REDIS_URL", "redis://process")
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.delenv("LOG_FORMAT", raising=False)

    merged = environment.merged(values)

    assert {name: merged[name] for name in values} == {**values, "REDIS_URL": "redis://process"}


def test_port_of_an_address_is_replaced_and_read_back() -> None:
    url = environment.with_port("postgres://callsphere_app:s3cret@127.0.0.1:0/callsphere", 25123)

    assert url == "postgres://callsphere_app:s3cret@127.0.0.1:25123/callsphere"
    assert environment.kept_port(url) == 25123
    assert environment.kept_port(environment.with_port(url, 0)) is None
