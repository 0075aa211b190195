"""Where bytes meet the network: one module per transport, the only ones that own sockets."""
