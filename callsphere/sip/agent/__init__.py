"""A user agent on asyncio: it owns sockets, drives transactions and dialogs, and answers the peer."""
