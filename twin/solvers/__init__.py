"""Solvers: pure functions from a problem to a `Solution` that carries its evidence."""
