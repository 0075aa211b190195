"""Campaigns: many people to be called, each until they are reached, within hours at which they may be."""
