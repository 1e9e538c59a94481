"""A plan that the mounts cannot meet is refused with the names of those that were left out."""

from collections.abc import Callable, Sequence

from scenes.errors import BadInput
from testbed.planning.mount_table import MountTable

# So many are named.
TOLD_MOST = 8


def check_or_tell(
    mounts: MountTable, notes: Sequence[tuple[str, str]], check: Callable[[MountTable], None] | None
) -> None:
    """Let `check` look at the mounts; what was left out of the files may be what it misses.

    Raises
    ------
    BadInput
        What `check` says, and a line for each of the first notes.
    """
    if check is None:
        return
    try:
        check(mounts)
    except BadInput as refusal:
        told = [f"  {name}: {why}" for name, why in notes[:TOLD_MOST]]
        more = [f"  and {len(notes) - TOLD_MOST} more"] if len(notes) > TOLD_MOST else []
        raise BadInput("\n".join([str(refusal), *told, *more])) from None
