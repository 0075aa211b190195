"""What we ask of others, each by its real SDK: functions with dataclasses in and out, no models."""
