"""Studies: the framework they share, and one module (or a few) for each."""
