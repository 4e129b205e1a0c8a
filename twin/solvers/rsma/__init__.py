"""Secrecy per joule of a sensing and a multicast station: Li et al., problem P1, eq. (19)."""
