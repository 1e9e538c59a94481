"""The late tail: what facades scatter."""
