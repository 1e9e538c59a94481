"""What is PinPtr's own: the count, the narrowing window, the region of all places that agree."""

import numpy as np
import pytest
import shapely

from detector.consistency import ConsistencyOptions
from detector.detect import detect
from detector.one_by_one import SetOptions
from tests.detector.peers import SHOT_M, flat_site, hear, join


def region(alert, level="95"):
    return shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in alert.regions[level]])


def test_every_place_in_the_region_keeps_all_detections_in_one_window():
    site = flat_site()
    late = np.random.default_rng(5).uniform(-4e-3, 4e-3, 9)
    pulses = hear(site, SHOT_M, [1.0], late_s=late)
    result = detect(site, pulses, ConsistencyOptions())
    (alert,) = result.alerts
    for x, y in region(alert).exterior.coords:
        delay = np.hypot(*(site.positions_m[:, :2] - (x, y)).T) / site.air.sound_speed_mps
        spread = np.ptp(pulses.time_s - delay[pulses.station])
        assert spread <= 0.030 + 1e-3


def test_a_wider_window_gives_a_wider_region_about_the_same_place():
    site = flat_site()
    pulses = hear(site, SHOT_M, [1.0])
    narrow, wide = (
        detect(site, pulses, ConsistencyOptions(sets=SetOptions(window_s=w))).alerts[0] for w in (0.02, 0.04)
    )
    assert wide.region95_area_m2 == pytest.approx(4.0 * narrow.region95_area_m2, rel=0.15)
    np.testing.assert_allclose(wide.position_m[:2], narrow.position_m[:2], atol=0.05)


def test_echoes_of_one_wall_do_not_outvote_the_direct_sound():
    site = flat_site()
    mirror = (310.0, 760.0)
    facade = [1, 2, 4, 5, 7]
    pulses = join(hear(site, SHOT_M, [1.0]), hear(site, mirror, [1.0], heard=facade, late_s=np.full(9, 0.3)))
    alerts = sorted(detect(site, pulses, ConsistencyOptions()).alerts, key=lambda a: -len(a.sensors))
    np.testing.assert_allclose(alerts[0].position_m[:2], SHOT_M, atol=0.5)
    assert len(alerts[0].sensors) == 9


def test_the_share_of_nearer_stations_is_asked_for():
    site = flat_site()
    pulses = hear(site, SHOT_M, [1.0], heard=[0, 2, 6, 8])
    assert detect(site, pulses, ConsistencyOptions()).alerts == ()
    lenient = ConsistencyOptions(sets=SetOptions(window_s=0.03, share_least=0.3))
    assert len(detect(site, pulses, lenient).alerts) == 1
