"""Hearing with our onsets: what the choices of `detector=` that use them share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from detector.onset import find_pulses
from detector.onset_search import OnsetOptions
from detector.pulse import Pulses
from detector.recording import Recording


@dataclass(frozen=True)
class OnsetHearing:
    """A detector's options begin with how onsets are found.

    Attributes
    ----------
    onset : OnsetOptions
    """

    onset: OnsetOptions = field(default_factory=OnsetOptions)

    @property
    def delay_s(self) -> float:
        """A frame is decided on when the next one is there, s."""
        return 2.0 * self.onset.frame_s

    def hear(
        self, recording: Recording, workers: int = 1, progress: Callable[[int, int], None] | None = None
    ) -> Pulses:
        """Find the pulses of a recording: `detector.onset.find_pulses`."""
        return find_pulses(recording, self.onset, workers, progress)
