"""Max-min secrecy precoding of satellite, UAV and base station (Yin et al., problem P1)."""
