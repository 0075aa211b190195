"""The fixture that runs the commands."""

from tests.sip.carriers.running import commands

__all__ = ["commands"]
