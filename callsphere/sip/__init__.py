"""SIP for management purposes: a sans-IO core with thin transports.

Protocol modules take bytes and the time, and return bytes and events; only the
transports, the engine and the resolver touch the network.
"""
