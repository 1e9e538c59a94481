"""Output that nobody reads any more: `echoblock ... | head -1`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Outlet:
    """A stream that goes silent when its reader has gone; the work behind it goes on, and its results are written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Be the stream in all else."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._let_go()

    def _let_go(self) -> None:
        # What the stream still holds goes the same way when the interpreter ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def outlive_readers() -> Iterator[None]:
    """Let standard output go silent when its reader goes, for as long as the block lasts."""
    before = sys.stdout
    outlet = Outlet(before)
    sys.stdout = outlet
    try:
        yield
    finally:
        outlet.flush()
        sys.stdout = before
