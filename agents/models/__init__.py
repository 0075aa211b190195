"""Agents and their versions, the tools they use, and the routes that lead calls to them."""

from agents.models.agents import Agent, AgentVersion, Configuration
from agents.models.routes import BusinessHours, NumberRoute
from agents.models.tools import AgentTool, Tool, ToolInvocation, VersionTool

__all__ = [
    "Agent",
    "AgentTool",
    "AgentVersion",
    "BusinessHours",
    "Configuration",
    "NumberRoute",
    "Tool",
    "ToolInvocation",
    "VersionTool",
]
