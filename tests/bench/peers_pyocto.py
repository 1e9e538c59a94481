"""PyOcto (Münchmeyer 2024, Seismica) on windows of pulses: shots are its earthquakes, pulses its P picks."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from detector.incident import Incident
from tests.bench.peers_location import scipy_soft_l1
from tests.bench.windows import OUTSIDE_M, SIDE_M, Window

MISSING = (
    "PyOcto is missing: the extra `bench` installs it on Python 3.12 and later; on 3.11 its metadata refuses numpy 2, "
    "with which it works: install pyocto==0.2.2 without its dependencies, and pandas"
)
DEEP_KM = 0.005


@dataclass(frozen=True)
class PyoctoOptions:
    """Settings of PyOcto that a network of streets needs; lengths in km, times in s.

    `picks_share` is the least number of picks of an event as a share of the stations (at least 4).
    """

    tolerance: float = 0.03
    min_node_size: float = 0.1
    min_node_size_location: float = 0.005
    pick_match_tolerance: float = 0.02
    min_interevent_time: float = 0.08
    exponential_edt: bool = True
    edt_pick_std: float = 0.01
    min_pick_fraction: float = 0.25
    picks_share: float = 0.5


def load_pyocto() -> Any | None:
    """Import PyOcto, or return None where it is not installed."""
    try:
        import pyocto.associator  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - of the extra `bench`
    except ImportError:
        return None
    return pyocto.associator


def associate_with_pyocto(window: Window, options: PyoctoOptions, module: Any) -> tuple[Incident, ...]:
    """Associate a window: one incident a shot, for PyOcto knows no volleys."""
    import pandas as pd  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - comes with PyOcto

    settings = asdict(options)
    share, tolerance = settings.pop("picks_share"), settings.pop("tolerance")
    least = max(4, round(share * len(window.site.stations)))
    xyz = window.site.positions_m / 1000.0
    names = np.array([s.id for s in window.site.stations])
    limits = (-OUTSIDE_M / 1000.0, (SIDE_M + OUTSIDE_M) / 1000.0)
    speed = window.site.air.sound_speed_mps / 1000.0
    reach_s = float(np.hypot(limits[1] - limits[0], limits[1] - limits[0]) / speed)
    associator = module.OctoAssociator(
        xlim=limits,
        ylim=limits,
        zlim=(0.0, DEEP_KM),
        velocity_model=module.VelocityModel0D(speed, speed / 2.0, tolerance),
        time_before=reach_s,
        n_picks=least,
        n_p_picks=least,
        n_s_picks=0,
        n_p_and_s_picks=0,
        n_threads=1,
        **settings,
    )
    stations = pd.DataFrame({"id": names, "x": xyz[:, 0], "y": xyz[:, 1], "z": np.zeros(len(names))})
    picks = pd.DataFrame(
        {"station": names[window.pulses.station], "phase": "P", "time": window.pulses.time_s}
    )
    events, chosen = associator.associate(picks, stations)
    if len(events) == 0:
        return ()
    return tuple(_relocated(event, chosen, window) for event in events.itertuples())


def _relocated(event: Any, chosen: Any, window: Window) -> Incident:
    """Locate an event anew from its picks, as PyOcto's documentation advises: its own places are preliminary."""
    pulse = chosen.loc[chosen["event_idx"] == event.idx, "pick_idx"].to_numpy(np.int64)
    xy = window.site.positions_m[window.pulses.station[pulse], :2]
    time_s, speed = window.pulses.time_s[pulse], window.site.air.sound_speed_mps
    place = scipy_soft_l1(xy, time_s, speed, 3.0 * float(window.pulses.sigma_s[0]))
    emitted = np.median(time_s - np.hypot(*(xy - place).T) / speed)
    return Incident(place, np.array([emitted]), pulse, np.zeros(len(pulse), np.int64), float(len(pulse)))
