"""ISO 9613-1:1993, Table 1."""

import json
from pathlib import Path

import numpy as np
import pytest

from sim.propagation.air_absorption import attenuation_db_per_m

TABLE = Path(__file__).parents[3].parent / "shared" / "conformance" / "iso9613_1_table1.json"


@pytest.mark.skipif(not TABLE.exists(), reason="needs the shared conformance data")
def test_every_row_of_table_1_within_half_a_percent():
    rows = json.loads(TABLE.read_text())["rows"]
    assert len(rows) > 100
    for row in rows:
        computed = 1000.0 * attenuation_db_per_m(row["f_exact"], row["T_C"], row["RH"])
        assert computed == pytest.approx(row["alpha_dB_per_km"], rel=5e-3), row


def test_ten_degrees_seventy_percent_at_one_kilohertz():
    """ISO 9613-2:1996, Table 2, gives 3.7 dB/km there and 117 dB/km at 8 kHz."""
    computed = 1000.0 * attenuation_db_per_m([1000.0, 8000.0], 10.0, 70.0)
    np.testing.assert_allclose(computed, [3.7, 117.0], rtol=0.02)
