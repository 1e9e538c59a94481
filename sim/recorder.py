"""One sensor's part: its noise, the sound of events, and the samples that its converter delivers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scenes.scene import Scene
from scenes.sensor import Sensor
from scenes.streams import draw_stream
from sim.ambient import NoiseDesign, fill_noise, louder_places, noise_levels, shape_noise
from sim.arrivals import Arrivals
from sim.band_filter import ShelfDesign
from sim.capture import Capture
from sim.clock import sensor_time, settings_of
from sim.converter import cover, digitise, high_pass, high_pass_memory
from sim.microphone import facing_gain, sensitivity
from sim.passers import add_passers
from sim.pulse_table import PulseTable
from sim.render import RING_S, render, render_tail
from sim.sound_field import field_parts, mix
from sim.tail.tail import Tail

Pressure = npt.NDArray[np.float32]

_PAGE_BYTES = 2**21


def quiet_pressure(scene: Scene, sensor: Sensor, design: NoiseDesign) -> Pressure:
    """Return the pressure at a sensor where nothing happens: street and self noise.

    Parameters
    ----------
    scene : Scene
    sensor : Sensor
    design : NoiseDesign
        For its sampling rate and high-pass.

    Returns
    -------
    ndarray of float32, shape (capsules, n)
        Pa; no samples (n = 0) when the sensor is dead.
    """
    microphone = sensor.microphone
    samples = round(scene.duration_s * microphone.rate_hz) if sensor.alive else 0
    rng = draw_stream(scene.seed, "ambient", sensor.id)
    louder_db = louder_places(scene.ambient, sensor, scene.seed, rng.standard_normal())
    field = parts, power_db = field_parts(microphone.capsules_m, scene.air.sound_speed_mps)
    out = _in_large_pages((len(parts), samples))
    for part, share_db in zip(out, power_db, strict=True):
        residues = shape_noise(noise_levels(scene.ambient, louder_db + share_db, microphone), design)
        fill_noise(part, design, residues, int(rng.integers(2**63)))
    mix(out, parts)
    if scene.ambient.passers_per_min > 0.0 and samples:
        add_passers(out, scene.ambient, sensor, design, field, draw_stream(scene.seed, "passers", sensor.id))
    return out


def _in_large_pages(shape: tuple[int, int]) -> Pressure:
    """Return an array without content; a long one begins with a page of 2 MiB and has no small ones.

    A minute of sound anywhere else has some hundred small pages at its ends; to touch them first costs half as much as
    to fill the whole with noise.
    """
    size = 4 * shape[0] * shape[1]
    if size < _PAGE_BYTES:
        return np.empty(shape, dtype=np.float32)
    memory = np.empty((size // _PAGE_BYTES + 2) * _PAGE_BYTES, dtype=np.uint8)
    begin = -memory.ctypes.data % _PAGE_BYTES
    return memory[begin : begin + size].view(np.float32).reshape(shape)


def add_event(
    pressure: Pressure,
    sensor: Sensor,
    arrivals: Sequence[Arrivals],
    sound_mps: float,
    jitter_s: float,
    shelves: ShelfDesign,
) -> tuple[float, bool]:
    """Add what arrives of one event to a sensor's pressure.

    Parameters
    ----------
    pressure : ndarray of float32, shape (capsules, n)
        Pa, changed in place; the first sample is taken at the true time 0.
    sensor : Sensor
    arrivals : sequence of Arrivals
        One or more, for the sensor's position; capsules beside it hear plane waves sooner or later.
    sound_mps : float
        Speed of sound, m/s.
    jitter_s : float
        Error of the sensor's time base for this event, s.
    shelves : ShelfDesign
        For the sensor's rate.

    Returns
    -------
    peak_pa : float
        Peak pressure of the event alone at the first capsule, before the microphone's high-pass, Pa.
    clipped : bool
        Whether the event alone exceeds full scale at any capsule.
    """
    microphone = sensor.microphone
    limit = microphone.full_scale_pa / sensitivity(microphone)
    peaks: list[float] = []
    clipped = False
    for capsule, offset in zip(pressure, np.array(microphone.capsules_m), strict=True):
        alone, first = _event_alone(sensor, arrivals, offset / sound_mps, jitter_s, shelves)
        peaks.append(_peak(alone))
        cover(alone, microphone)
        high_pass(alone, microphone)
        clipped |= _peak(alone) > limit
        start, stop = max(first, 0), min(first + len(alone), len(capsule))
        if start < stop:
            capsule[start:stop] += alone[start - first : stop - first]
    return peaks[0], clipped


def capture_of(sensor: Sensor, pressure: Pressure) -> Capture:
    """Digitise a sensor's pressure, shape (capsules, n), Pa, whose memory is reused."""
    microphone = sensor.microphone
    return Capture(
        sensor.id,
        sensor_time(sensor.clock, 0.0),
        microphone.rate_hz,
        microphone.bits,
        microphone.full_scale_pa,
        digitise(pressure, microphone),
        settings_of(sensor.clock, microphone.rate_hz, pressure.shape[1]),
    )


def _peak(pressure: Pressure) -> float:
    return float(max(pressure.max(), -pressure.min()))


def _event_alone(
    sensor: Sensor,
    arrivals: Sequence[Arrivals],
    slowness_offset: npt.NDArray[np.float64],
    jitter_s: float,
    shelves: ShelfDesign,
) -> tuple[Pressure, int]:
    """Render one event at one capsule; return the pressure and the number of its first sample in the recording."""
    rate = sensor.microphone.rate_hz
    ticks = rate * (1.0 + sensor.clock.skew)  # samples per true second
    positions = [(a.time_s + a.direction @ slowness_offset) * ticks + jitter_s * rate for a in arrivals]
    pieces = [
        (position + start_s * ticks, table, a)
        for position, a in zip(positions, arrivals, strict=True)
        for start_s, table in a.tables[sensor.microphone.sampling]
    ]
    tails = [
        (
            (tail.time_s + tail.direction @ slowness_offset + start_s) * ticks + jitter_s * rate,
            table,
            tail,
        )
        for a in arrivals
        for start_s, table, tail in _tails(a, sensor.microphone.sampling)
    ]
    spans = [(position, table) for position, table, _ in pieces]
    spans += [
        (position + s * ticks, table) for position, table, tail in tails for s in (0.0, tail.copy_s.max())
    ]
    first = min(int(np.floor(position.min())) - table.lead for position, table in spans)
    last = max(int(np.ceil(position.max())) + table.rows.shape[2] for position, table in spans)
    rest = round(RING_S * rate) + high_pass_memory(sensor.microphone)
    alone = np.zeros(last + rest - first, dtype=np.float32)
    microphone = sensor.microphone
    for position, table, a in pieces:
        gain = a.gain * facing_gain(microphone, a.direction) if microphone.baffle_db > 0.0 else a.gain
        render(alone, position - first, gain, a.length_m, table, shelves)
    for position, table, tail in tails:
        gain = tail.gain
        if microphone.baffle_db > 0.0:
            gain = gain * facing_gain(microphone, tail.direction).mean(axis=1)
        copies = tail.copy_s * ticks, tail.copy_amplitude
        render_tail(alone, position - first, tail.amplitude, gain, tail.length_m, copies, table, shelves)
    return alone, first


def _tails(arrivals: Arrivals, sampling: tuple[int, float]) -> list[tuple[float, PulseTable, Tail]]:
    """Return the part of the tail that each piece of the emission takes, with the piece's start, s, and its pulses."""
    tail, tables = arrivals.tail, arrivals.tables[sampling]
    if tail is None:
        return []
    shares = [tail.share(part, len(tables)) for part in range(len(tables))]
    return [
        (start_s, table, share)
        for (start_s, table), share in zip(tables, shares, strict=True)
        if len(share.gain)
    ]
