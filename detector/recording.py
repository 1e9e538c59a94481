"""A recording folder: `site.json` and the audio that it names, read piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import numpy.typing as npt
import soundfile

from detector.errors import BadInput
from detector.site import AudioPiece, Site, Station
from detector.site_file import read_site

BLOCK_SAMPLES = 2**18
RATES_HZ = (6_000.0, 200_000.0)  # below, nothing of a bang's front is left; above, no such recorder exists


@dataclass(frozen=True, eq=False)
class Recording:
    """A site and the folder that holds its audio."""

    site: Site
    folder: Path

    @property
    def duration_s(self) -> float:
        """Time from the first sample of any station to the last one of any, s."""
        spans = [(p.start_s, p.start_s + p.samples / s.rate_hz) for s in self.site.stations for p in s.audio]
        return max(stop for _, stop in spans) - min(start for start, _ in spans) if spans else 0.0


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive samples: time of the first s (station clock), samples (channels, n) as shares of full scale."""

    start_s: float
    samples: npt.NDArray[np.float32]


def open_recording(folder: Path) -> Recording:
    """Read the site and check every file that it names, without decoding the audio.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Recording

    Raises
    ------
    BadInput
        A file is missing, leads out of the folder, is no audio, or differs in rate, channels or length from what
        `site.json` announces; one line a mistake.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; accepted is a recording folder with a site.json")
    site = read_site(folder / "site.json", need_audio=True)
    mistakes = [
        line
        for station in site.stations
        for piece in station.audio
        for line in _check_piece(folder, station, piece)
    ]
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return Recording(site, folder)


def read_blocks(recording: Recording, station: int, *, block_samples: int = BLOCK_SAMPLES) -> Iterator[Block]:
    """Read a station's audio in time order.

    Parameters
    ----------
    recording : Recording
    station : int
        Index into `recording.site.stations`.
    block_samples : int
        At most so many samples a block; a block never crosses two pieces.

    Yields
    ------
    Block

    Raises
    ------
    BadInput
        The audio is corrupt, ends early, or holds a sample that is not finite.
    """
    for piece in recording.site.stations[station].audio:
        yield from _read_piece(recording, station, piece, block_samples)


def read_clip(
    recording: Recording, station: int, start_s: float, stop_s: float
) -> tuple[float, npt.NDArray[np.float32]]:
    """Read the part of one piece that lies between two times (station clock, s).

    Returns
    -------
    start_s : float
        Time of the first sample returned.
    samples : ndarray, shape (channels, n)
        Of the piece with the largest share of the interval; no samples where the station recorded nothing.
    """
    record = recording.site.stations[station]
    rate = record.rate_hz

    def overlap(piece: AudioPiece) -> float:
        return min(stop_s, piece.start_s + piece.samples / rate) - max(start_s, piece.start_s)

    piece = max(record.audio, key=overlap, default=None)
    if piece is None or overlap(piece) <= 0.0:
        return start_s, np.zeros((len(record.microphones_m), 0), dtype=np.float32)
    first = max(0, round((start_s - piece.start_s) * rate))
    stop = min(piece.samples, round((stop_s - piece.start_s) * rate))
    path = recording.folder / piece.file
    try:
        samples, _ = soundfile.read(path, start=first, stop=stop, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{path}: corrupt audio ({error})") from error
    return piece.start_s + first / rate, np.asarray(samples, dtype=np.float32).T


def _check_piece(folder: Path, station: Station, piece: AudioPiece) -> list[str]:
    name = f"{folder / 'site.json'}: station {station.id!r}: audio file {piece.file!r}"
    if not RATES_HZ[0] <= station.rate_hz <= RATES_HZ[1]:
        return [
            f"{name}: sample_rate_hz {station.rate_hz:g}; accepted are {RATES_HZ[0]:g} to {RATES_HZ[1]:g}"
        ]
    if not _stays_inside(folder, piece.file):
        return [f"{name} leads out of the folder; accepted are relative paths within it"]
    path = folder / piece.file
    if not path.is_file():
        return [f"{name} does not exist"]
    try:
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        return [f"{name} is no FLAC or WAV that can be read ({error})"]
    announced = (("Hz", station.rate_hz, info.samplerate), ("samples", piece.samples, info.frames))
    capsules = len(station.microphones_m)
    return [
        f"{name} has {found:g} {what}, announced are {want:g}"
        for what, want, found in announced
        if found != want
    ] + (
        [f"{name} has {info.channels} channels for {capsules} microphones"]
        if info.channels != capsules
        else []
    )


def _stays_inside(folder: Path, file: str) -> bool:
    if PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive or "\\" in file or "\0" in file:
        return False
    if ".." in PurePosixPath(file).parts:
        return False
    return (folder / file).resolve().is_relative_to(folder.resolve())  # symbolic links followed


def _read_piece(recording: Recording, station: int, piece: AudioPiece, block_samples: int) -> Iterator[Block]:
    record = recording.site.stations[station]
    path = recording.folder / piece.file
    done = 0
    try:
        with soundfile.SoundFile(path) as file:
            while done < piece.samples:
                count = min(block_samples, piece.samples - done)
                samples = np.asarray(file.read(count, dtype="float32", always_2d=True), dtype=np.float32)
                if not len(samples):
                    break
                _check_finite(samples, path, done)
                yield Block(piece.start_s + done / record.rate_hz, samples.T)
                done += len(samples)
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{path}: corrupt audio after sample {done} ({error})") from error
    if done != piece.samples:
        raise BadInput(f"{path}: ends after {done} samples, announced are {piece.samples}")


def _check_finite(samples: npt.NDArray[np.float32], path: Path, first: int) -> None:
    # One sum instead of a mask over all: it is finite unless a sample is not (float64 cannot overflow here).
    if not np.isfinite(samples.sum(dtype=np.float64)):
        bad = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise BadInput(f"{path}: sample {first + bad} is not a finite number")
