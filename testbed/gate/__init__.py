"""The regression gate: two versions of a detector on the same scenes, a paired decision, a report."""
