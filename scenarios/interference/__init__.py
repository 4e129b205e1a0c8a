"""Pairs that share a band, each with an edge twin that asks the others a price for what they make it hear."""
