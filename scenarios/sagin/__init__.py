"""Space-air-ground: satellite, UAV and base station serve a user each, in secret from one eavesdropper (Yin et al.)."""
