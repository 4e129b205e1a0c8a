"""Secure precoding of interference-channel pairs by interference prices (Kong et al., problems P1 and P2)."""
