"""Roof profiles of ISO/TR 17534-4 (CNOSSOS-EU), as transcribed in the test suite of NoiseModelling.

Only the geometry is ours to prove: the path difference of our hull goes into the standard's formula (2015/996, eq.
2.5.21), whose value in the vertical plane is `DeltaDiffSRH` of path 0.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from scenes.air import Air
from sim.propagation.city import index_block
from sim.propagation.paths import PathKind
from sim.propagation.trace import PathOptions, trace_paths

CASES = Path(__file__).parents[3].parent / "shared" / "conformance" / "cnossos_cases.json"
OCTAVES_HZ = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
ROOFS_ONLY = PathOptions(ground=False, reflection_order=0, corner_count=0)


def as_buildings(make, geometry):
    """Return the case's buildings; a thin wall becomes a prism of 1 mm."""
    made = []
    for number, entry in enumerate(geometry["buildings"]):
        ring = np.array(entry["footprint"])
        made.append(make.building(f"b{number}", ring[:, :2], float(ring[0, 2])))
    for number, entry in enumerate(geometry["walls"]):
        (x0, y0, height), (x1, y1, _) = entry["line_xyz"]
        nx, ny = np.array([y0 - y1, x1 - x0]) / math.hypot(x1 - x0, y1 - y0) * 5e-4
        ring = [(x0 - nx, y0 - ny), (x1 - nx, y1 - ny), (x1 + nx, y1 + ny), (x0 + nx, y0 + ny)]
        made.append(make.building(f"w{number}", ring, float(height)))
    return made


def over_roofs(difference, between):
    """Return the attenuation by diffraction in each octave, dB; `between` the outermost edges, m."""
    result = []
    for frequency in OCTAVES_HZ:
        wave = 340.0 / frequency
        spread = (5.0 * wave / between) ** 2 if between > 0.3 else None
        several = 1.0 if spread is None else (1.0 + spread) / (1.0 / 3.0 + spread)
        inner = 40.0 / wave * several * difference
        result.append(10.0 * math.log10(3.0 + inner) if inner >= -2.0 else 0.0)
    return result


@pytest.mark.skipif(not CASES.exists(), reason="needs the shared conformance data")
@pytest.mark.parametrize("case", ["TC07", "TC08", "TC10", "TC11", "TC12", "TC15"])
def test_path_difference_gives_every_octave(make, case):
    entry = json.loads(CASES.read_text())["cases"][case]
    geometry = entry["geometry"]
    city = index_block(make.block(*as_buildings(make, geometry)))
    found = trace_paths(city, Air(), geometry["source"], [geometry["receiver"]], ROOFS_ONLY)[0]
    assert found.kind.tolist() == [PathKind.ROOF]
    edges = found.vertices_m[1:-1]
    straight = float(np.linalg.norm(np.subtract(geometry["receiver"], geometry["source"])))
    between = float(np.linalg.norm(np.diff(edges, axis=0), axis=1).sum())
    expected = next(array["values"] for array in entry["arrays"] if array["name"] == "DeltaDiffSRH")
    np.testing.assert_allclose(over_roofs(found.length_m[0] - straight, between), expected, atol=0.05)
