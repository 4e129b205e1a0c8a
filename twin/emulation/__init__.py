"""The discrete-event emulator: virtual time, links and queues, counter-based randomness, coupling to the hosts."""
