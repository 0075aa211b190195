"""Tools that agents have without any system of the tenant's: what models are told, and what they do."""

from callsphere.calls.builtin_tools.contract import After, BuiltinAnswer
from callsphere.calls.builtin_tools.registry import functions_of
from callsphere.calls.builtin_tools.running import run_builtin

__all__ = ("After", "BuiltinAnswer", "functions_of", "run_builtin")
