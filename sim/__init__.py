"""The physics: turns a scene into what its microphones record. Knows nothing of the detector."""
