"""Radio channels as functions of time."""
