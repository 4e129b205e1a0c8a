"""The eavesdropper: a registered, untrusted user. She sends uplink pilots and listens, but reports nothing.

What the network knows of her is what the transmitters sense of her pilots (`entities.measurement`), within a bounded
error. Her process therefore has nothing to send; where she is, and what she hears, are functions of the World.
"""

from entities.entity import Entity


class Eavesdropper(Entity):
    """Listens."""
