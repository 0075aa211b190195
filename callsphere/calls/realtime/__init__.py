"""Calls that OpenAI Realtime answers: which session each belongs to, and the worker that holds it."""
