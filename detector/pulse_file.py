"""Writes what each station heard, pulse by pulse, with what each pulse alone says of its class."""

from dataclasses import astuple
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from detector.belief import LABELS, BeliefOptions
from detector.class_model import load_model, score_pulses
from detector.pulse import Pulses
from detector.site import Site


def believe_pulses(pulses: Pulses, options: BeliefOptions) -> npt.NDArray[np.float64]:
    """Return the probability of each label for each pulse at the base rate, shape (n, 4).

    Where nothing was heard (pulse tables) that is the base rate.
    """
    joint = np.tile(np.log(np.array(astuple(options.base_rate))), (len(pulses), 1))
    if pulses.features.shape[1]:
        joint = joint + score_pulses(pulses.features, load_model(options.model))
    joint = np.exp(joint - joint.max(axis=1, keepdims=True))
    return joint / joint.sum(axis=1, keepdims=True)


def write_pulses(site: Site, pulses: Pulses, options: BeliefOptions, path: Path) -> None:
    """Write `pulses.parquet`: `sensor,time_s,level_db,snr_db,sigma_s,p_gunshot,p_firework,p_backfire,p_other,p_shock`.

    Parameters
    ----------
    site : Site
    pulses : Pulses
        Columns keep their order: by time, then station.
    options : BeliefOptions
    path : Path
    """
    names = [station.id for station in site.stations]
    belief = np.round(believe_pulses(pulses, options), 6)
    columns = {
        "sensor": pa.array([names[i] for i in pulses.station], pa.string()),
        **{name: pa.array(getattr(pulses, name)) for name in ("time_s", "level_db", "snr_db", "sigma_s")},
        **{f"p_{label}": pa.array(belief[:, k]) for k, label in enumerate(LABELS)},
        "p_shock": pa.array(np.round(pulses.p_shock, 6)),
    }
    parquet.write_table(pa.table(columns), path, compression="zstd")
