"""System check: every preset file can be read."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from trunks.presets.catalogue import PresetError, carrier_presets


def check_presets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A file with a mistake would break the connect page for everybody."""
    try:
        carrier_presets()
    except PresetError as error:
        return [checks.Error(f"Carrier preset {error}", id="trunks.E001")]
    return []
