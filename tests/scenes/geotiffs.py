"""Writes small GeoTIFFs."""

import numpy as np
from PIL import Image, TiffImagePlugin

DOUBLE, SHORT, TEXT = 12, 3, 2


def write_geotiff(path, heights, left, top, step, *, keys=None, nodata=None, compression=None, **more):
    """Write heights (rows from the north), m, the north-west corner of the first sample at (left, top).

    `keys` are geographic ones; `more` replaces tags by number: t33550=(1.0, 1.0, 0.0), or leaves them out: t33550=None.
    """
    image = Image.fromarray(np.asarray(heights))
    keys = {1024: 2, 1025: 1, 2048: 4326} if keys is None else keys
    width, height = (step, step) if np.isscalar(step) else step
    tags = {
        33550: (DOUBLE, (width, height, 0.0)),
        33922: (DOUBLE, (0.0, 0.0, 0.0, left, top, 0.0)),
        34735: (SHORT, (1, 1, 0, len(keys), *(n for k, v in keys.items() for n in (k, 0, 1, v)))),
    }
    if nodata is not None:
        tags[42113] = (TEXT, str(nodata))
    for name, value in more.items():
        tag = int(name[1:])
        tags.pop(tag, None)
        if value is not None:
            tags[tag] = (DOUBLE, value)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        info.tagtype[tag] = kind
        info[tag] = value
    image.save(path, tiffinfo=info, compression=compression)
