"""The twins as plain state machines: no sockets, no SimPy, no clock, no randomness of their own."""
