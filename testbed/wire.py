"""The wire between physics and detector: a recording folder as a sensor network delivers it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from scenes.scene import Scene
from sim.capture import Capture
from testbed.faults import NO_FAULTS, Faults, deliver
from testbed.progress import Progress
from testbed.survey import Survey, audio_files, describe_site


def write_recording(
    folder: Path,
    scene: Scene,
    captures: Sequence[Capture],
    survey: Survey,
    clock_sigma_s: float,
    progress: Progress | None = None,
    faults: Faults = NO_FAULTS,
) -> None:
    """Write `site.json` and FLAC files: one for each live station, or one for each piece where its line fails.

    Parameters
    ----------
    folder : Path
        Made here; must not exist.
    scene, captures, survey, clock_sigma_s
        As in `testbed.survey.describe_site`.
    progress : callable, optional
        Told of every sensor done.
    faults : Faults
        Of lines and of the operator's addresses.
    """
    folder.mkdir(parents=True)
    by_sensor = {capture.sensor: capture for capture in captures}
    pieces = {capture.sensor: deliver(capture, faults, scene.seed) for capture in captures}
    site = describe_site(scene, by_sensor, survey, clock_sigma_s, pieces, faults)
    (folder / "site.json").write_text(json.dumps(site, indent=1) + "\n", encoding="utf-8")
    (folder / "audio").mkdir()
    for done, capture in enumerate(captures, start=1):
        delivered = pieces[capture.sensor]
        for file, piece in zip(audio_files(capture.sensor, len(delivered)), delivered, strict=True):
            write_capture(folder / file, replace(capture, samples=piece.samples))
        if progress is not None:
            progress(done, len(captures))


def write_capture(path: Path, capture: Capture) -> None:
    """Write one station's samples as FLAC: the whole numbers that its converter gave, exactly.

    Raises
    ------
    ValueError
        When the resolution is neither 16 nor 24 bit.
    """
    if capture.bits == 16:
        samples, subtype = capture.samples.T.astype(np.int16), "PCM_16"
    elif capture.bits == 24:
        # libsndfile takes the top 24 bits of 32.
        samples, subtype = np.left_shift(capture.samples.T, 8), "PCM_24"
    else:
        msg = f"sensor {capture.sensor}: recordings have 16 or 24 bits, not {capture.bits}"
        raise ValueError(msg)
    soundfile.write(path, samples, capture.rate_hz, subtype, format="FLAC")
