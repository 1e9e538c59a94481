"""Octave levels of the quietest tenths of clips: `python -m tests.bench.quiet_bench SET ...`.

A SET is a live-fire set or the `simulated` folder of `echoblock realism`; both are measured alike, so that what shots
leave in quiet stretches, and the steps of mu-law, are in both. `conf/realism.yaml` has its night noise from there.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from testbed.field import read_set
from testbed.livefire import LiveClip
from testbed.livefire_masks import find_masks
from testbed.livefire_network import read_clip

OCTAVES_HZ = (63, 125, 250, 500, 1000, 2000, 4000)
PIECE_S, QUIET_SHARE, LEAST = 0.1, 0.1, 10
FULL_SCALE_DB = 93.09


def quiet_levels(clip: LiveClip) -> npt.NDArray[np.float64] | None:
    """Return octave levels, dB re 20 uPa, of the quietest tenth of the 0.1 s pieces of a clip outside masks."""
    samples, rate = read_clip(clip)
    size = round(PIECE_S * rate)
    masks = find_masks(samples, rate)
    starts = range(0, len(samples) - size + 1, size)
    free = [i for i in starts if not any(a < i + size and b > i for a, b in masks)]
    pieces = [samples[i : i + size].astype(np.float64) for i in free]
    pieces = [piece for piece in pieces if np.mean(piece == 0.0) < 0.5]
    if len(pieces) < LEAST:
        return None
    quiet = sorted(pieces, key=lambda piece: float(piece.var()))[: max(1, round(QUIET_SHARE * len(pieces)))]
    window = np.hanning(size)
    power = np.mean([np.abs(np.fft.rfft(window * (q - q.mean()))) ** 2 for q in quiet], axis=0)
    power *= 2.0 / (size * (window**2).sum() * 2.0**30)
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    bands = [power[(hz >= f / 2**0.5) & (hz < f * 2**0.5)].sum() for f in OCTAVES_HZ]
    return 10.0 * np.log10(np.maximum(bands, 1e-12)) + FULL_SCALE_DB


def main(*sets: str) -> None:
    """Print the median over sensors, each the median of its clips, and the spread of whole levels."""
    if not sets:
        print("wants the folders of sets: python -m tests.bench.quiet_bench SET ...")
    for name in sets:
        heard: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
        for test in read_set(Path(name), ()):
            for clip in test.clips:
                levels = quiet_levels(clip)
                if levels is not None:
                    heard.setdefault((test.position, clip.sensor), []).append(levels)
        each = np.array([np.median(levels, axis=0) for levels in heard.values()])
        whole = 10.0 * np.log10((10.0 ** (0.1 * each)).sum(axis=1))
        told = ", ".join(f"{f} Hz {v:.1f}" for f, v in zip(OCTAVES_HZ, np.median(each, axis=0), strict=True))
        print(f"{name}: {len(each)} sensors, dB: {told}; between sensors {whole.std():.1f} dB")


if __name__ == "__main__":
    main(*sys.argv[1:])
