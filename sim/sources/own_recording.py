"""Own recordings as sources: a dry WAV or FLAC (no room, no street in it), its peak level at 1 m stated."""

from functools import lru_cache
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scenes.errors import BadInput
from scenes.event import Event
from sim.sources.emission import EMISSION_RATE_HZ, Emission, Source, omnidirectional, pascal, trait

LEAST_RATE_HZ = 8_000
LONGEST_S = 30.0
LEVELS_DB = (40.0, 200.0)
_LARGEST_BYTES = 100_000_000
_FULL = 0.9995
_CLIPPED_SAMPLES = 3
_FADE_S = 1e-3


def _emit(event: Event, rng: np.random.Generator) -> tuple[Emission, ...]:  # noqa: ARG001 - every source's signature
    path = event.traits.get("file")
    if not isinstance(path, str) or not path:
        raise BadInput(f"event {event.id}: kind file needs a trait file: a dry WAV or FLAC")
    if "level_db" not in event.traits:
        raise BadInput(
            f"event {event.id}: kind file needs a trait level_db: its peak level at 1 m, dB re 20 uPa"
        )
    level_db = trait(event, "level_db", 0.0, *LEVELS_DB)
    try:
        size = Path(path).stat()
        wave = read_dry(path, size.st_mtime_ns)
    except OSError as error:
        raise BadInput(f"event {event.id}: {path}: cannot be read ({error.strerror or error})") from error
    except BadInput as error:
        raise BadInput(f"event {event.id}: {error}") from error
    position = np.array(event.position_m, dtype=np.float64)
    return (Emission(position, 0.0, pascal(level_db) * wave, omnidirectional),)


@lru_cache(maxsize=16)
def read_dry(path: str, changed_ns: int) -> npt.NDArray[np.float64]:  # noqa: ARG001 - a changed file is another file
    """Read a dry recording.

    Parameters
    ----------
    path : str
    changed_ns : int
        When it was written last.

    Returns
    -------
    ndarray, shape (n,)
        Peak 1, at `EMISSION_RATE_HZ`, its ends faded over 1 ms.

    Raises
    ------
    BadInput
        When it is no audio, not mono, too long, slower than 8 kHz, not finite, silent or clipped.
    """
    import soundfile  # noqa: PLC0415 - only who brings a file waits for it
    from scipy.signal import resample_poly  # noqa: PLC0415

    if not Path(path).is_file() or Path(path).stat().st_size > _LARGEST_BYTES:
        raise BadInput(f"{path}: must be a file of at most {_LARGEST_BYTES // 1_000_000} MB")
    try:
        info = soundfile.info(path)
        mistake = _mistake_of(info)
        samples, _ = (
            soundfile.read(path, dtype="float64", always_2d=True) if not mistake else (np.zeros((1, 1)), 0)
        )
    except (soundfile.LibsndfileError, ValueError) as error:
        raise BadInput(f"{path}: is no WAV or FLAC that can be read") from error
    mistake = mistake or _fault_of(np.asarray(samples[:, 0], dtype=np.float64))
    if mistake:
        raise BadInput(f"{path}: {mistake}")
    common = gcd(EMISSION_RATE_HZ, info.samplerate)
    wave = resample_poly(samples[:, 0], EMISSION_RATE_HZ // common, info.samplerate // common)
    ramp = np.minimum(np.arange(len(wave)) / (_FADE_S * EMISSION_RATE_HZ), 1.0)
    wave *= ramp * ramp[::-1]
    return wave / np.abs(wave).max()


def _mistake_of(info: object) -> str | None:
    rate, channels, frames = (getattr(info, name) for name in ("samplerate", "channels", "frames"))
    if rate < LEAST_RATE_HZ:
        return f"sampled at {rate} Hz; sources need {LEAST_RATE_HZ} Hz or more"
    if channels != 1:
        return f"has {channels} channels; a source has one"
    if not 0 < frames <= LONGEST_S * rate:
        return f"lasts {frames / rate:.3g} s; a source lasts more than 0 and at most {LONGEST_S:g} s"
    return None


def _fault_of(samples: npt.NDArray[np.float64]) -> str | None:
    if not np.isfinite(samples).all():
        return f"sample {int(np.flatnonzero(~np.isfinite(samples))[0])} is not a finite number"
    peak = np.abs(samples).max()
    if peak < 1e-6:
        return "is silent"
    flat = np.abs(samples) >= max(_FULL * min(peak, 1.0), _FULL if peak <= 1.0 else peak)
    run = (
        np.convolve(flat, np.ones(_CLIPPED_SAMPLES), mode="valid")
        if len(flat) >= _CLIPPED_SAMPLES
        else np.zeros(1)
    )
    if run.max() >= _CLIPPED_SAMPLES:
        return f"is clipped ({_CLIPPED_SAMPLES} samples or more at full scale in a row)"
    return None


OWN_RECORDING = Source(_emit, LEVELS_DB)
