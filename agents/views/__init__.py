"""The pages of agents, their tools, business hours, and routes."""
