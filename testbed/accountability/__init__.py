"""Months of a district: what a network would alert to, miss and misname, at true rates."""
