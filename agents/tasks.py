"""What workers do for agents."""

from agents import invoking
from callsphere.celery import app


@app.task(name="agents.run_tool_tests")
def run_tool_tests() -> None:
    """Call the tools that somebody asked to test. Any number may run at once."""
    invoking.run_due_tests()


@app.task(name="agents.forget_old_invocations")
def forget_old_invocations() -> None:
    """Delete what tools were asked more than 30 days ago."""
    invoking.forget_old_invocations()
