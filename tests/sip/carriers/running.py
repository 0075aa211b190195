"""Runs the commands against a carrier, and looks for the password in everything they print."""

from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest

from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.register_cli import add_register_arguments, run_register
from tests.sip.carriers.laboratory import PASSWORD, USER

NUMBER = "+14155550123"
LONG_S = "60"
"""How long an answer is waited for that comes by itself, however busy the machine is."""
BRIEFLY = ("--timeout", "2")
"""How long one is waited for that never comes."""


class Commands:
    """`sip check` and `sip register` as a user, with the password in a file."""

    def __init__(self, folder: Path, user: str = USER, password: str = PASSWORD) -> None:
        self._user = user
        self._password = password
        self._file = folder / "password"
        self._file.write_text(f"{password}\n")

    def check(self, uri: str, *args: str, credentials: bool = False) -> tuple[int, dict[str, Any]]:
        """Exit code and report of `sip check`."""
        signed = ["--username", self._user, "--password-file", str(self._file)] if credentials else []
        return self._run(add_check_arguments, run_check, [uri, "--timeout", LONG_S, *signed, *args])

    def register(self, uri: str, *args: str) -> tuple[int, dict[str, Any]]:
        """Exit code and report of `sip register`."""
        signed = ["--username", self._user, "--password-file", str(self._file)]
        return self._run(add_register_arguments, run_register, [uri, "--timeout", LONG_S, *signed, *args])

    def _run(self, declare: Any, run: Any, argv: list[str]) -> tuple[int, dict[str, Any]]:
        parser = ArgumentParser()
        declare(parser)
        out, err = io.StringIO(), io.StringIO()
        code = run(vars(parser.parse_args([*argv, "--allow-private", "--json"])), out, err)
        assert err.getvalue() == ""
        assert self._password not in out.getvalue()
        return code, json.loads(out.getvalue())


def step(report: dict[str, Any], name: str) -> tuple[str, str | None]:
    """Result and cause of one step."""
    return next((each["result"], each["cause"]) for each in report["steps"] if each["name"] == name)


def told(report: dict[str, Any]) -> str:
    """The steps as text, for a failed assertion."""
    return "\n".join(
        f"{each['name']}: {each['result']} {each['cause']} {each['detail']}" for each in report["steps"]
    )


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands, with no password in the environment."""
    monkeypatch.delenv("CALLSPHERE_SIP_PASSWORD", raising=False)
    return Commands(tmp_path)
