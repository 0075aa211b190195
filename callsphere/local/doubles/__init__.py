"""Doubles of the providers' APIs: small stateful servers on loopback that the real SDKs speak to."""
