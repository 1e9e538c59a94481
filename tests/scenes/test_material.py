import pytest

from scenes.errors import BadInput
from scenes.material import GROUND_FLOW_RESISTIVITY, load_material, material_names


def test_every_material_has_eight_shares():
    for name in material_names():
        material = load_material(name)
        for shares in (material.absorption, material.scattering):
            assert len(shares) == 8
            assert all(0.0 <= share <= 1.0 for share in shares)


def test_end_bands_are_held():
    # The table starts at 125 Hz; lead glazing stops at 4 kHz (0.30 ... 0.05).
    lead = load_material("lead_glazing").absorption
    assert lead[0] == lead[1] == 0.30
    assert lead[7] == lead[6] == 0.05


def test_softer_ground_absorbs_more():
    softest_first = sorted(GROUND_FLOW_RESISTIVITY, key=GROUND_FLOW_RESISTIVITY.__getitem__)
    at_1khz = [load_material(name).absorption[4] for name in softest_first]
    assert at_1khz == sorted(at_1khz, reverse=True)
    assert at_1khz[0] > 10.0 * at_1khz[-1]


def test_unknown_material_names_near_ones():
    with pytest.raises(BadInput, match="brickwork"):
        load_material("brikwork")
