"""Two stations: one senses a target and serves Bob, the other multicasts, and its streams hide Bob's data."""
