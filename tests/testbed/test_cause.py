"""Each stage made to fail in turn, all before it being well."""

import numpy as np
import pytest

from testbed.alert_file import JudgedAlert
from testbed.cause import Workings, diagnose
from testbed.matching import match_alerts
from testbed.truth import Hearing, TruthEvent

STATIONS = ("S1", "S2", "S3", "S4")


def event(level_db=90.0):
    heard = {s: Hearing(10.5 + 0.1 * i, level_db, "direct") for i, s in enumerate(STATIONS)}
    return TruthEvent("e", "A", "rifle-556", 10.0, (0.0, 0.0, 1.5), {}, heard)


def workings(pulses=4, associated=True):
    at = np.array([[30.0, 0.0]]) if associated else np.empty((0, 2))
    return Workings(STATIONS[:pulses], 10.51 + 0.1 * np.arange(pulses), np.full(len(at), 10.1), at)


def alert(x=0.0, call="gunshot"):
    return [JudgedAlert("a", 10.0, (x, 0.0), (10.0,), call=call)]


@pytest.mark.parametrize(
    ("truth", "held", "alerts", "cause"),
    [
        (event(level_db=60.0), workings(), [], "inaudible"),
        (event(), workings(pulses=2), [], "no pulse"),
        (event(), workings(associated=False), [], "not associated"),
        (event(), workings(), [], "below threshold"),
        (event(), workings(), alert(x=40.0), "mislocated"),
        (event(), workings(), alert(call="firework"), "misnamed"),
        (event(), workings(), alert(call="uncertain"), "below threshold"),
        (event(), workings(), alert(), None),
        (event(), workings(), alert(call=None), None),
        (event(), None, [], None),
        (event(level_db=60.0), None, [], "inaudible"),
    ],
)
def test_first_failing_stage(truth, held, alerts, cause):
    rows = match_alerts([truth], alerts)
    assert diagnose(rows, [truth], alerts, held, noise_db_rms=52.0)["cause"].to_list() == [cause]


def test_false_rounds_have_no_cause():
    rows = match_alerts([], alert())
    assert diagnose(rows, [], alert())["cause"].to_list() == [None]
