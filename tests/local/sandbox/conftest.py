"""One sandbox for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.sandbox.running import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Running carriers."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox
