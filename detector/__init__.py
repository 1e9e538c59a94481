"""The detector: hears recordings and knows nothing else. Imports none of the other packages."""
