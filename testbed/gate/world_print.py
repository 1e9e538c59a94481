"""What a rendered scene can be known again by, on this machine to the bit, on others to rounding."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenes.streams import draw_stream
from sim.capture import Capture
from testbed.truth import Truth

# Levels, dB, and prints of the same scene on another processor differ by less; those of another scene by far more.
TOLERANCE = 0.01


@dataclass(frozen=True)
class WorldPrint:
    """Prints of one scene.

    Attributes
    ----------
    facts : str
        Digest of what happened and of `site.json`: what was drawn, rounded as it is written.
    audio : str
        Digest of every sample.
    sensors : tuple of str
    level_db : tuple of float
        Level of each sensor's samples, dB re their least step, rms.
    print : tuple of float
        Each sensor's samples, their square roots taken so that faint sounds count too, times a fixed random sign each,
        their sum as a share of their norm: about a standard normal number. Another shape or
        time of any sound makes another number; a last bit here and there does not.
    """

    facts: str
    audio: str
    sensors: tuple[str, ...]
    level_db: tuple[float, ...]
    print: tuple[float, ...]

    def is_bitwise(self, other: "WorldPrint") -> bool:
        """Tell whether the two worlds are the same to the bit."""
        return (self.facts, self.audio) == (other.facts, other.audio)

    def is_same(self, other: "WorldPrint") -> bool:
        """Tell whether the two worlds are the same but for rounding."""
        if self.is_bitwise(other):
            return True
        return (
            self.facts == other.facts
            and self.sensors == other.sensors
            and _near(self.level_db, other.level_db)
            and _near(self.print, other.print)
        )


def print_world(truth: Truth, site_json: str, captures: Sequence[Capture]) -> WorldPrint:
    """Take the prints of a rendered scene.

    Parameters
    ----------
    truth : Truth
    site_json : str
        The text of the recording's `site.json`.
    captures : sequence of Capture
        One a sensor.
    """
    events = [[e.id, e.incident, e.kind, round(e.time_s, 6), _rounded(e.position_m)] for e in truth.events]
    watch = {name: _rounded(place) for name, place in truth.watch.sensors_m.items()}
    facts = json.dumps([events, watch, truth.watch.duration_s, site_json])
    audio = hashlib.sha256()
    for capture in captures:
        audio.update(f"{capture.sensor}\0{capture.samples.shape}".encode())
        audio.update(capture.samples.tobytes())
    marks = [_mark(capture) for capture in captures]
    return WorldPrint(
        hashlib.sha256(facts.encode()).hexdigest()[:16],
        audio.hexdigest()[:16],
        tuple(capture.sensor for capture in captures),
        tuple(level for level, _ in marks),
        tuple(number for _, number in marks),
    )


def _mark(capture: Capture) -> tuple[float, float]:
    samples = capture.samples[:1].ravel().astype(np.float64)
    if not len(samples):
        return 0.0, 0.0
    sign = 2.0 * draw_stream(0, "world print", capture.sensor).integers(0, 2, len(samples)) - 1.0
    small = np.sign(samples) * np.sqrt(np.abs(samples))
    norm = float(np.sqrt(np.sum(small * small)))
    level = 10.0 * float(np.log10(max(np.mean(samples * samples), 1e-3)))
    return round(level, 4), round(float(sign @ small) / max(norm, 1e-9), 4)


def _rounded(place: Sequence[float]) -> list[float]:
    return [round(float(c), 3) + 0.0 for c in place]


def _near(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and bool(np.all(np.abs(np.subtract(one, other)) <= TOLERANCE))


def changed(old: Mapping[str, WorldPrint], new: Mapping[str, WorldPrint]) -> list[str]:
    """Return the names of the scenes, of those in both, whose world is another."""
    return [name for name in old if name in new and not old[name].is_same(new[name])]
