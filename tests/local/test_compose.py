"""docker-compose.yml and Dockerfile: the shape that production has, checked without an engine."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from callsphere.local.paths import ROOT
from tests.peers import require_peer

APP = ("migrate", "web", "probe", "check", "worker", "realtime", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_services_are_those_of_the_product(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*APP, "postgres", "redis"}


def test_every_lasting_service_has_a_health_check_and_restarts(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_secrets_come_from_files(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"SECRET|KEYS|DATABASE|REDIS|PASSWORD|EMAIL_URL", variable):
                assert variable.endswith("_FILE"), (name, variable)
                secret = Path(value).name
                assert value == f"/run/secrets/{secret}", (name, variable)
                assert secret in service["secrets"], (name, variable)
    declared = {name: secret["file"] for name, secret in compose["secrets"].items()}
    assert declared == {name: f"./secrets/{name}" for name in declared}


def test_only_migrations_know_the_owner(compose: dict[str, Any]) -> None:
    knowing = {name for name, each in compose["services"].items() if "database_owner_url" in each["secrets"]}

    assert knowing == {"migrate", "postgres"}


def test_application_containers_may_do_little(compose: dict[str, Any]) -> None:
    for name in APP:
        service = compose["services"][name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
    dockerfile = (ROOT / "Dockerfile").read_text()
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert "\nUSER callsphere\n" in last_stage


def test_web_processes_add_up_their_metrics(compose: dict[str, Any]) -> None:
    web = compose["services"]["web"]
    folder = web["environment"]["PROMETHEUS_MULTIPROC_DIR"]

    # in memory, so that figures of processes that ended with the container are gone; open to its user
    assert web["tmpfs"] == ["/tmp", f"{folder}:mode=1777"]
    assert web["environment"].items() > compose["services"]["worker"]["environment"].items()


def test_everything_waits_for_migrations(compose: dict[str, Any]) -> None:
    for name in APP[1:]:
        condition = compose["services"][name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully", name


def test_image_is_built_with_the_same_tools(compose: dict[str, Any]) -> None:
    pinned = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.M)
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert pinned
    assert f"uv=={pinned[1]}\n" in dockerfile
    for step in ("--require-hashes", "npm ci", "npm run --silent build", "manage.py collectstatic"):
        assert step in dockerfile, step


def test_copied_paths_exist_and_are_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)

    for path in " ".join(copied).split():
        assert (ROOT / path).exists(), path
        assert path.partition("/")[0] in sent, path


def test_made_secrets_are_complete_and_kept(compose: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    script = shutil.copy(ROOT / "docker" / "make-secrets.sh", tmp_path / "docker")
    subprocess.run([script], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run([script], check=True, capture_output=True)

    assert set(made) == set(compose["secrets"])
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    no_settings = tmp_path / "env"
    no_settings.touch()
    variables = {"PUBLIC_URL": "https://callsphere.example", "ALLOWED_HOSTS": "callsphere.example"}
    done = subprocess.run(
        [
            *_compose_client(),
            "--file",
            ROOT / "docker-compose.yml",
            "--env-file",
            no_settings,
            "config",
            "--quiet",
        ],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def _compose_client() -> list[str]:
    """The command that reads compose files: Docker's plugin, else the older program of its own."""
    if shutil.which("docker") and not _fails("docker", "compose", "version"):
        return ["docker", "compose"]
    return [require_peer("docker-compose")]


def _fails(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0
