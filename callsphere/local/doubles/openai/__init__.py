"""A small server that behaves as OpenAI's Realtime API over SIP does, with callers that follow a script."""
