"""The truth: blocks, air, events, sensors. Imports nothing of the other packages."""
