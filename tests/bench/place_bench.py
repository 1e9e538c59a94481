"""Prints the association and location tables: `python -m tests.bench.place_bench`."""

import time

import numpy as np

from detector.associate import AssociationOptions, associate
from tests.bench.windows import Window, WindowOptions, draw_window

MATCH_M, MATCH_S = 50.0, 0.08


def count_matches(window: Window, incidents) -> tuple[int, int, int]:
    """Return (true positives, found, true) rounds within 50 m and 80 ms, one to one."""
    true = [(t, i.position_m[:2]) for i in window.truth for t in i.times_s]
    found = [(t, i.position_m) for i in incidents for t in i.round_times_s]
    free = list(range(len(found)))
    matched = 0
    for t, p in true:
        near = [
            f for f in free if abs(found[f][0] - t) <= MATCH_S and np.hypot(*(found[f][1] - p)) <= MATCH_M
        ]
        if near:
            free.remove(min(near, key=lambda f: abs(found[f][0] - t)))
            matched += 1
    return matched, len(found), len(true)


def association_row(options: WindowOptions, seeds: range, settings: AssociationOptions, verbose=False):
    """Return F1, precision, recall and seconds a window."""
    total, spent = np.zeros(3), []
    for seed in seeds:
        window = draw_window(seed, options)
        began = time.process_time()
        incidents = associate(window.site, window.pulses, settings)
        spent.append(time.process_time() - began)
        counts = count_matches(window, incidents)
        if verbose and counts[0] * 2 < counts[1] + counts[2]:
            print(seed, counts, [len(t.times_s) for t in window.truth])
        total += counts
    tp, found, true = total
    return 2 * tp / max(found + true, 1), tp / max(found, 1), tp / true, np.median(spent), np.max(spent)
