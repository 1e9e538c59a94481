"""Where to put sensors: what a street hears, what a layout is worth, and whether that holds."""
