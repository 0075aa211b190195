"""Agents and their versions, the tools they use, and the routes that lead calls to them."""

from agents.models.agents import Agent, AgentVersion, Configuration

__all__ = ["Agent", "AgentVersion", "Configuration"]
