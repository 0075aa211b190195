"""After-hours escalation: people on call are rung and texted, tier after tier, until one of them takes it."""
