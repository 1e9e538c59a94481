"""What goes wrong with a network's sensors and lines, as shares and sizes that can be swept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.capture import Capture


@dataclass(frozen=True)
class Faults:
    """Shares of sensors and packets that fail, and how badly; all shares 0 changes no byte of a recording.

    A sensor's luck is drawn once, apart from the share: with a larger share the same sensors fail, and more.

    Attributes
    ----------
    dead_share : float
        Share of sensors that deliver nothing (2 to 10 % of a network is usual).
    deaf_share : float
        Share of sensors behind a wet windscreen ...
    deaf_db : float
        ... which takes this from low notes, dB, and more from those above `deaf_hz` ...
    deaf_hz : float
        ... by a first-order low-pass, Hz (A: water in foam; no measurement was found).
    address_share : float
        Share of sensors entered at a wrong address ...
    address_m : tuple of float
        ... so far off at least and at most, m, in any direction; the operator believes it like any other survey.
    packet_s : float
        Length of a packet of audio, s.
    drop_share : float
        Share of packets that never arrive: gaps in the recording.
    repeat_share : float
        Share of packets that arrive twice, the second time in the place of the next one.
    late_share : float
        Share of packets that arrive late ...
    late_s : float
        ... by this on the mean, s (exponential); all others arrive when they are full. Where this share is above 0,
        `site.json` tells each piece's `delivered_s` and lists pieces in that order.
    """

    dead_share: float = 0.0
    deaf_share: float = 0.0
    deaf_db: float = 12.0
    deaf_hz: float = 400.0
    address_share: float = 0.0
    address_m: tuple[float, float] = (10.0, 50.0)
    packet_s: float = 1.0
    drop_share: float = 0.0
    repeat_share: float = 0.0
    late_share: float = 0.0
    late_s: float = 20.0

    def __post_init__(self) -> None:
        near, far = self.address_m
        if not 0.0 <= near <= far:
            msg = f"address_m must be two distances in m, the nearer first, not {list(self.address_m)}"
            raise ValueError(msg)


NO_FAULTS = Faults()


@dataclass(frozen=True, eq=False)
class Piece:
    """Audio without a gap as it was delivered.

    `samples` has shape (channels, n), `start_s` is the sensor's time of the first, `delivered_s` the true time of
    arrival or None where nobody asks for it.
    """

    samples: npt.NDArray[np.int32]
    start_s: float
    delivered_s: float | None = None


def break_sensors(sensors: Sequence[Sensor], faults: Faults, seed: int) -> tuple[Sensor, ...]:
    """Return the sensors, some of them dead or deaf."""
    return tuple(_break(sensor, faults, seed) for sensor in sensors)


def _break(sensor: Sensor, faults: Faults, seed: int) -> Sensor:
    dead, deaf = draw_stream(seed, "sensor faults", sensor.id).uniform(size=2)
    if deaf < faults.deaf_share:
        wet = replace(sensor.microphone, windscreen_db=faults.deaf_db, windscreen_hz=faults.deaf_hz)
        sensor = replace(sensor, microphone=wet)
    return replace(sensor, alive=False) if dead < faults.dead_share else sensor


def address_error(faults: Faults, seed: int, sensor: str) -> npt.NDArray[np.float64]:
    """Return what a sensor's stated position is off by on top of the survey's error, shape (3,), m."""
    luck, how_far, turn = draw_stream(seed, "wrong address", sensor).uniform(size=3)
    if luck >= faults.address_share:
        return np.zeros(3)
    near, far = faults.address_m
    distance, bearing = near + (far - near) * how_far, 2.0 * math.pi * turn
    return np.array([distance * math.cos(bearing), distance * math.sin(bearing), 0.0])


def deliver(capture: Capture, faults: Faults, seed: int) -> tuple[Piece, ...]:
    """Send a sensor's recording over its line.

    Parameters
    ----------
    capture : Capture
    faults : Faults
    seed : int
        The scene's; every sensor draws from its own stream.

    Returns
    -------
    tuple of Piece
        In the order of arrival; one where nothing goes wrong, none of a dead sensor.
    """
    count = capture.samples.shape[1]
    size = max(round(faults.packet_s * capture.rate_hz), 1)
    rng = draw_stream(seed, "packets", capture.sensor)
    luck = rng.uniform(size=(-(-count // size), 3))
    late_s = np.where(luck[:, 2] < faults.late_share, faults.late_s * rng.exponential(size=len(luck)), 0.0)
    dropped = luck[:, 0] < faults.drop_share
    samples = _repeat(capture.samples, luck[:, 1] < faults.repeat_share, size)
    pieces = []
    for first, last, start_s in _stretches(capture):
        cuts = _cuts(first, last, size, dropped, late_s)
        for begin, end in cuts:
            packet = begin // size
            if dropped[packet]:
                continue
            arrival_s = end / capture.rate_hz + float(late_s[packet]) if faults.late_share > 0.0 else None
            start = start_s + (begin - first) / capture.rate_hz
            pieces.append(Piece(samples[:, begin:end], start, arrival_s))
    return tuple(sorted(pieces, key=lambda piece: piece.delivered_s or 0.0))


def _repeat(samples: npt.NDArray[np.int32], twice: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.int32]:
    """Put a packet that arrives twice into the place of the next one too."""
    if not twice.any():
        return samples
    played = samples.copy()
    for packet in np.flatnonzero(twice[:-1]):
        target = played[:, (packet + 1) * size : (packet + 2) * size]
        target[:] = samples[:, packet * size : packet * size + target.shape[1]]
    return played


def _stretches(capture: Capture) -> list[tuple[int, int, float]]:
    """Return first sample, last sample + 1 and stamp of what was recorded between settings of the clock.

    A recorder whose clock is set back waits until it shows what it has shown before (A): stamps never overlap.
    """
    stamps = [(0, capture.start_s), *capture.restamps]
    ends = [first for first, _ in capture.restamps] + [capture.samples.shape[1]]
    stretches, shown_s = [], -math.inf
    for (first, start_s), last in zip(stamps, ends, strict=True):
        wait = max(math.ceil((shown_s - start_s) * capture.rate_hz), 0) if shown_s > start_s else 0
        if first + wait < last:
            stretches.append((first + wait, last, start_s + wait / capture.rate_hz))
            shown_s = start_s + (last - first) / capture.rate_hz
    return stretches


def _cuts(
    first: int, last: int, size: int, dropped: npt.NDArray[np.bool_], late_s: npt.NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Return the samples of each run of packets that share their fate; late ones go one by one."""
    packets = range(first // size, (last - 1) // size + 1)
    starts = [
        packet
        for packet in packets
        if packet == packets[0]
        or dropped[packet] != dropped[packet - 1]
        or late_s[packet] > 0.0
        or late_s[packet - 1] > 0.0
    ]
    begins = [max(first, packet * size) for packet in starts]
    return list(zip(begins, [*begins[1:], last], strict=True))
