"""The roof: introduces the truth, the physics and the detector to each other, and judges."""
