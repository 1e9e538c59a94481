"""Tells a full disk from a failure of the work."""

import errno
import shutil
from pathlib import Path

# EFBIG is a quota of the process (`ulimit -f`).
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Libraries that write files themselves hide the number of the error; with so little left, the disk is the likely cause.
_LITTLE_BYTES = 4_000_000


def is_disk_full(error: BaseException, folder: Path) -> bool:
    """Return whether an error came of a disk without room.

    Parameters
    ----------
    error : BaseException
    folder : Path
        Where was written.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    try:
        return shutil.disk_usage(folder).free < _LITTLE_BYTES
    except OSError:
        return False
