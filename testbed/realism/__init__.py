"""Simulated recordings beside real ones: the live-fire protocol, statistics, table, plots."""
