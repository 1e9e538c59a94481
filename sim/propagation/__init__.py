"""Propagation: the paths that sound takes from a point to microphones, and what each does to it."""
