"""Independent random streams, all from one seed.

Every random draw names its purpose and, where there is one, the thing it belongs to, so that adding a sensor
changes nothing that another sensor hears.
"""

import hashlib

import numpy as np


def draw_stream(seed: int, purpose: str, key: str = "") -> np.random.Generator:
    """Return the generator of one purpose ("world", "survey", ...) and one thing ("S03").

    Parameters
    ----------
    seed : int
        The scene's seed, 0 or more.
    purpose, key : str
        Together they name the stream: equal names give equal streams, others are independent.

    Raises
    ------
    ValueError
        When the seed is negative.
    """
    if seed < 0:
        msg = f"seed must be 0 or more, not {seed}"
        raise ValueError(msg)
    digest = hashlib.sha256(f"{purpose}\0{key}".encode()).digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy=seed, spawn_key=words)))
