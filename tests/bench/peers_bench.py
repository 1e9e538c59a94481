"""Ours beside its peers on the same windows in one run: `python -m tests.bench peers`, or with more windows
`python -m tests.bench.peers_bench 100`.

Settings of PyOcto and of the published detectors were chosen on the seeds from `TUNING`; the table uses others.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from detector.associate import AssociationOptions, associate
from detector.consistency import ConsistencyOptions
from detector.incident import Incident
from detector.locate import LocationOptions
from detector.tn098 import Tn098Options
from tests.bench.peers_location import LOCATORS
from tests.bench.peers_pyocto import MISSING, PyoctoOptions, associate_with_pyocto, load_pyocto
from tests.bench.place_bench import count_matches, known_incidents, location_row
from tests.bench.windows import Window, WindowOptions, draw_window

TUNING, TABLE = 900, 2000
WINDOWS = 10
SETS = [WindowOptions(sensors=n, onset_sigma_s=s) for n in (8, 16, 30) for s in (1e-3, 5e-3)]
Associator = Callable[[Window], tuple[Incident, ...]]


def main(windows: int = WINDOWS) -> None:
    """Print both tables."""
    seeds = range(TABLE, TABLE + windows)
    print(f"{windows} windows a set, seeds {seeds.start} to {seeds.stop - 1}\n")
    _print_association(seeds)
    _print_location(seeds)


def _print_association(seeds: range) -> None:
    ours, tn098, consistency = AssociationOptions(), Tn098Options(), ConsistencyOptions()
    peers: dict[str, Associator] = {
        "ours": lambda w: associate(w.site, w.pulses, ours),
        "consistency": lambda w: consistency.associate(w.site, w.pulses),
        "tn098": lambda w: tn098.associate(w.site, w.pulses),
    }
    if (module := load_pyocto()) is None:
        print(MISSING)
    else:
        peers["PyOcto 0.2.2"] = lambda w: associate_with_pyocto(w, PyoctoOptions(), module)
    print("association: F1 within 50 m and 80 ms (median seconds of processor a window)")
    _print_head()
    for name, find in peers.items():
        print(
            f"{name:30s}" + "".join(_association_cell(find, options, seeds) for options in SETS), flush=True
        )
    print()


def _association_cell(find: Associator, options: WindowOptions, seeds: range) -> str:
    find(draw_window(TUNING, options))  # compiles outside the clock
    total, spent = np.zeros(3), []
    for seed in seeds:
        window = draw_window(seed, options)
        began = time.process_time()
        found = find(window)
        spent.append(time.process_time() - began)
        total += count_matches(window, found)
    return f"{2.0 * total[0] / max(total[1] + total[2], 1.0):8.3f} ({np.median(spent):5.2f})"


def _print_location(seeds: range) -> None:
    print(
        "location, association known: median / p90 of the error, m; peers round by round, then the rounds' median"
    )
    _print_head()
    results = [location_row(options, seeds, LocationOptions()) for options in SETS]
    print(f"{'Cramer-Rao bound, draws':30s}" + "".join(_percentiles(r[1]) for r in results))
    print(f"{'ours':30s}" + "".join(_percentiles(r[0]) for r in results))
    for name, locator in LOCATORS.items():
        cells = [_percentiles(peer_errors(locator, options, seeds)) for options in SETS]
        print(f"{name:30s}" + "".join(cells), flush=True)
    print()


def peer_errors(locator: Callable[..., npt.NDArray[np.float64]], options: WindowOptions, seeds: range):
    """Return errors (incidents,), m, of a locator that takes one round of at least four stations at a time."""
    errors = []
    for seed in seeds:
        window = draw_window(seed, options)
        speed = window.site.air.sound_speed_mps
        for truth, incident in known_incidents(window):  # pyright: ignore[reportGeneralTypeIssues] - pairs
            station, time_s = window.pulses.station[incident.pulse], window.pulses.time_s[incident.pulse]
            places = []
            for k in range(len(incident.round_times_s)):
                mine = incident.round == k
                if np.count_nonzero(mine) >= 4:
                    xy = window.site.positions_m[station[mine], :2]
                    places.append(locator(xy, time_s[mine], speed, options.onset_sigma_s))
            place = np.median(places, axis=0) if places else np.full(2, np.inf)
            errors.append(np.hypot(*(place - truth.position_m[:2])))
    return np.array(errors)


def _percentiles(errors: npt.NDArray[np.float64]) -> str:
    return f"{np.median(errors):8.2f}/{np.quantile(errors, 0.9, method='higher'):6.1f}"


def _print_head() -> None:
    sets = "".join(f"{f'N{o.sensors} {1e3 * o.onset_sigma_s:g} ms':>16s}" for o in SETS)
    print(f"{'':30s}{sets}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
