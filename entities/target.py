"""The target: it moves, and reports nothing. What is known of it are echoes, which a station measures."""

from entities.entity import Entity


class Target(Entity):
    """Is seen."""
