"""The chain: pulses to incidents to places to alerts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from detector.alert import Alert, format_utc, measure_area, name_alert, sort_alerts
from detector.belief import BeliefOptions, believe, check_belief_options
from detector.class_evidence import gather_evidence
from detector.class_model import load_model, score_pulses, weigh_evidence
from detector.fix import Fix
from detector.health import Trouble, find_screams, find_wrong_clocks
from detector.history import weigh_history
from detector.incident import Incident
from detector.lonlat import to_lonlat
from detector.misplaced import LEAST_INCIDENTS, name_misplaced
from detector.options import Detector, DetectorOptions, hash_options
from detector.pulse import Pulses
from detector.recording import Recording
from detector.round_count import count_rounds
from detector.site import Site


@dataclass(frozen=True, eq=False)
class DetectionResult:
    """What was heard and what was made of it; incidents and fixes are in the order of the alerts.

    `troubles` names sensors that cannot be right; their pulses are in no incident.
    """

    site: Site
    pulses: Pulses
    alerts: tuple[Alert, ...]
    incidents: tuple[Incident, ...]
    fixes: tuple[Fix, ...]
    troubles: tuple[Trouble, ...] = ()


def detect(site: Site, pulses: Pulses, options: Detector | None = None) -> DetectionResult:
    """Turn the pulses of a site into alerts.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    options : Detector, optional
        Which detector, with its settings; ours (`DetectorOptions`) unless said otherwise.

    Returns
    -------
    DetectionResult
        Alerts in time order.

    Raises
    ------
    BadInput
        For options or pulses that cannot be.
    """
    options = options or DetectorOptions()
    check_belief_options(options.belief)
    incidents, fixes, troubles = _find(site, pulses, options)
    alerts = [
        _make_alert(site, pulses, incident, fix, options)
        for incident, fix in zip(incidents, fixes, strict=True)
    ]
    rank = {alert.id: i for i, alert in enumerate(sort_alerts(alerts))}
    order = sorted(range(len(alerts)), key=lambda i: rank[alerts[i].id])
    return DetectionResult(
        site,
        pulses,
        tuple(alerts[i] for i in order),
        tuple(incidents[i] for i in order),
        tuple(fixes[i] for i in order),
        troubles,
    )


def _find(
    site: Site, pulses: Pulses, options: Detector
) -> tuple[tuple[Incident, ...], list[Fix], tuple[Trouble, ...]]:
    """Associate and locate; where that shows clocks or addresses to be wrong, once more without their pulses."""
    incidents = options.associate(site, pulses)
    fixes = [options.locate(site, pulses, incident) for incident in incidents]
    wrong = find_wrong_clocks(site, pulses, fixes)
    if len(fixes) >= LEAST_INCIDENTS:
        shifts = [
            options.leave_each_out(site, pulses, incident, fix)
            for incident, fix in zip(incidents, fixes, strict=True)
        ]
        known = {trouble.sensor for trouble in wrong}
        wrong += tuple(
            t for t in name_misplaced(site, pulses, incidents, fixes, shifts) if t.sensor not in known
        )
    if wrong:
        names = {trouble.sensor for trouble in wrong}
        sound = np.array([station.id not in names for station in site.stations])
        kept = np.flatnonzero(sound[pulses.station])
        part = Pulses(**{name: column[kept] for name, column in vars(pulses).items()})
        incidents = tuple(replace(i, pulse=kept[i.pulse]) for i in options.associate(site, part))
        fixes = [options.locate(site, pulses, incident) for incident in incidents]
    return incidents, fixes, find_screams(site, pulses) + wrong


def listen_recording(
    recording: Recording,
    options: Detector | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DetectionResult:
    """Hear a recording: find its pulses, then `detect`.

    Parameters
    ----------
    recording : Recording
    options : Detector, optional
        Which detector, with its settings; ours (`DetectorOptions`) unless said otherwise.
    workers : int
        Changes the time, not the alerts.
    progress : callable, optional
        Called with (stations heard, stations).

    Raises
    ------
    BadInput
        For audio or options that cannot be used.
    """
    options = options or DetectorOptions()
    check_belief_options(options.belief)
    pulses = options.hear(recording, workers, progress)
    return detect(recording.site, pulses, options)


def _make_alert(site: Site, pulses: Pulses, incident: Incident, fix: Fix, options: Detector) -> Alert:
    station = pulses.station[incident.pulse]
    evidence = _weigh(site, pulses, incident, fix, options.belief)
    count = count_rounds(pulses, incident, load_model(options.belief.model).rounds)
    times_s = tuple(float(t) for t in np.sort(fix.round_times_s))
    (xx, xy), (yx, yy) = fix.covariance_m2.tolist()
    x, y = fix.position_m
    lonlat = None
    if site.origin is not None:
        lon, lat = to_lonlat(site.origin, np.array([[x, y]]))[0].tolist()
        lonlat = (lon, lat)
    alert = Alert(
        id="",
        time_s=times_s[0],
        time_utc=format_utc(site.epoch_utc, times_s[0]),
        position_m=(x, y, fix.height_m),
        covariance_m2=((xx, xy), (yx, yy)),
        regions=fix.regions,
        region95_area_m2=measure_area(fix.regions["95"]),
        alternatives=fix.alternatives,
        lonlat=lonlat,
        belief=believe(evidence, options.belief),
        base_rate=options.belief.base_rate,
        rounds=len(times_s),
        rounds_low=count.low,
        rounds_high=count.high,
        round_times_s=times_s,
        sensors=tuple(site.stations[i].id for i in np.unique(station)),
        latency_s=_measure_latency(site, pulses, incident, fix, options),
        software=f"echoblock {version('echoblock')}",
        config_sha256=hash_options(options),
        automatic=count.automatic,
        several_shooters=count.several_shooters,
        with_history=weigh_history(evidence, (x, y), options.belief),
    )
    return name_alert(alert)


def _weigh(
    site: Site, pulses: Pulses, incident: Incident, fix: Fix, options: BeliefOptions
) -> npt.NDArray[np.float64] | None:
    """Return the log-likelihood of each label, None where nothing was heard."""
    if not pulses.features.shape[1]:
        return None
    model = load_model(options.model)
    scores = score_pulses(pulses.features[incident.pulse], model)
    evidence = gather_evidence(site, pulses, incident, np.array(fix.position_m[:2]), scores)
    return None if evidence is None else weigh_evidence(evidence, model)


def _measure_latency(site: Site, pulses: Pulses, incident: Incident, fix: Fix, options: Detector) -> float:
    """Return the recording time from the last arrival used to the decision, s.

    An incident is decided on when the sound of one more round, fired within the pause that ends an incident, would have
    reached the farthest station, or when the recording ends. Pulses are known `delay_s` after they arrive.
    """
    last_s = float(pulses.time_s[incident.pulse].max())
    place = np.array([*fix.position_m, fix.height_m or 0.0])
    farthest_m = float(np.linalg.norm(site.positions_m - place, axis=1).max())
    travel_s = farthest_m / site.air.sound_speed_mps
    decision_s = float(fix.round_times_s.max()) + options.pause_s + travel_s
    ends = [p.start_s + p.samples / s.rate_hz for s in site.stations for p in s.audio]
    if ends:
        decision_s = min(decision_s + options.delay_s, max(ends))
    return max(decision_s - last_s, 0.0)
