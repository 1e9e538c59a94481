"""Progress bars that appear when a stage takes longer than two seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Progress = Callable[[int, int], None]
"""Called with (parts done, parts in all)."""

_QUIET_S = 2.0


@contextmanager
def progress_bar(stage: str, unit: str, *, shown: bool = True) -> Iterator[Progress]:
    """Yield a callable (parts done, parts in all) that draws a bar on standard error.

    Parameters
    ----------
    stage : str
        What is being done, in a word or two.
    unit : str
        Name of the parts.
    shown : bool
        False where many such stages run at once, and nobody wants so many bars.
    """
    with tqdm(desc=stage, unit=unit, delay=_QUIET_S, disable=not shown, dynamic_ncols=True) as bar:

        def show(done: int, parts: int) -> None:
            bar.total = parts
            bar.update(done - bar.n)
            if done >= parts:
                bar.close()

        yield show
