"""Many scenes: which (a design of cells times seeds), where they are computed, and the rows that come of them."""
