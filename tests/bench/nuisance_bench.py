"""Location with sound speed, wind, shooter's height and clocks unknown: `python -m tests.bench nuisance`.

Windows whose air is off from what the site says by 0.3 % and 1 m/s, whose clocks are off by 1 ms, and whose association
is known; errors beside draws from the Cramer-Rao bound with all of these unknown, and beside peers that know of none.
Seeds of its own.
"""

import sys

import numpy as np
import numpy.typing as npt

from detector.locate import LocationOptions
from tests.bench.peers_bench import peer_errors
from tests.bench.peers_location import LOCATORS
from tests.bench.place_bench import location_row
from tests.bench.windows import WindowOptions

FIRST, WINDOWS = 12_000, 100
SETS = [
    WindowOptions(sensors=n, onset_sigma_s=s, sound_speed_sigma=0.003, wind_sigma_mps=1.0, clock_sigma_s=1e-3)
    for n in (8, 16, 30)
    for s in (1e-3, 5e-3)
]
SETTINGS = LocationOptions(site_sigma_m=0.0)  # these windows have no error that all paths share


def main(windows: int = WINDOWS) -> None:
    """Print the table."""
    seeds = range(FIRST, FIRST + windows)
    print(
        "N, onset ms | p50/p90 m: ours | draws from the bound | ratio (asked: 1.15, 1.25) | peers | regions hold"
    )
    for options in SETS:
        errors, draws, held, _ = location_row(options, seeds, SETTINGS)
        ours, bound = np.percentile(errors, [50, 90]), np.percentile(draws, [50, 90])
        peers = [
            f"{name.split()[-1]} {_percentiles(peer_errors(find, options, seeds))}"
            for name, find in LOCATORS.items()
        ]
        print(
            f"{options.sensors:2d} {1e3 * options.onset_sigma_s:2.0f} | "
            f"{_percentiles(errors)} | {_percentiles(draws)} | "
            f"{ours[0] / bound[0]:.2f} {ours[1] / bound[1]:.2f} ({_spread(errors, draws)}) | {', '.join(peers)} | "
            f"{held.round(2)}",
            flush=True,
        )


def _percentiles(errors: npt.NDArray[np.float64]) -> str:
    p50, p90 = np.percentile(errors, [50, 90])
    return f"{p50:.2f}/{p90:.1f}"


def _spread(errors: npt.NDArray[np.float64], draws: npt.NDArray[np.float64]) -> str:
    """Say in which interval (95 %) both ratios lie, by a bootstrap over incidents with their draws."""
    rng = np.random.default_rng(2)
    own = draws.reshape(len(errors), -1)
    ratios = []
    for _ in range(1000):
        pick = rng.integers(0, len(errors), len(errors))
        ratios.append(np.percentile(errors[pick], [50, 90]) / np.percentile(own[pick], [50, 90]))
    low, high = np.quantile(ratios, [0.025, 0.975], axis=0)
    return f"{low[0]:.2f} to {high[0]:.2f}, {low[1]:.2f} to {high[1]:.2f}"


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
