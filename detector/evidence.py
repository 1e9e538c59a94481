"""Evidence beside the alerts: what each rests on, and the sound itself."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import soundfile

from detector.alert import Alert, alert_to_record
from detector.detect import DetectionResult
from detector.fix import Fix
from detector.incident import Incident
from detector.options import Detector
from detector.pulse import Pulses
from detector.recording import Recording, read_clip
from detector.site import Site

AROUND_S = (0.5, 1.5)  # sound kept before the first pulse of a station and after its last
Row = dict[str, object]


def write_evidence(
    result: DetectionResult, options: Detector, folder: Path, recording: Recording | None = None
) -> tuple[Alert, ...]:
    """Write `evidence/ID/` for each alert.

    Parameters
    ----------
    result : DetectionResult
    options : Detector
        Those that gave it.
    folder : Path
        Where `alerts.jsonl` lies or will lie.
    recording : Recording, optional
        Without it no sound is kept.

    Returns
    -------
    tuple of Alert
        The alerts, each naming its folder: `packet.json` with the pulses used and rejected, their residuals, all
        options and the sensors in trouble, and for every station that heard it `STATION.flac`, the first channel
        around its pulses.
    """
    named = []
    taken = {
        int(p): alert.id for alert, i in zip(result.alerts, result.incidents, strict=True) for p in i.pulse
    }
    for alert, incident, fix in zip(result.alerts, result.incidents, result.fixes, strict=True):
        alert = replace(alert, evidence=f"evidence/{alert.id}/")  # noqa: PLW2901 - the same alert, with its folder
        place = folder / "evidence" / alert.id
        place.mkdir(parents=True)
        packet = {
            "alert": alert_to_record(alert),
            "options": asdict(options),  # pyright: ignore[reportArgumentType] - every detector is a dataclass of options
            "sensor_health": [asdict(trouble) for trouble in result.troubles],
            "pulses_used": _list_used(result.site, result.pulses, incident, fix),
            "pulses_rejected": _list_rejected(result.site, result.pulses, incident, alert.id, taken),
            "clips": _write_clips(recording, result.pulses, incident, place) if recording else [],
        }
        text = json.dumps(packet, indent=1, ensure_ascii=False, allow_nan=False)
        (place / "packet.json").write_text(text + "\n", encoding="utf-8")
        named.append(alert)
    return tuple(named)


def _list_used(site: Site, pulses: Pulses, incident: Incident, fix: Fix) -> list[Row]:
    return [
        _describe(site, pulses, int(p)) | {"round": int(r), "residual_s": round(float(residual), 6)}
        for p, r, residual in zip(incident.pulse, incident.round, fix.residuals_s, strict=True)
    ]


def _list_rejected(
    site: Site, pulses: Pulses, incident: Incident, name: str, taken: dict[int, str]
) -> list[Row]:
    """List the other pulses of the same time, each with the reason why it was not used."""
    times = pulses.time_s[incident.pulse]
    near = (pulses.time_s >= times.min() - AROUND_S[0]) & (pulses.time_s <= times.max() + AROUND_S[1])
    rows = []
    for p in np.flatnonzero(near):
        owner = taken.get(int(p))
        if owner != name:
            reason = "no direct sound of any incident" if owner is None else f"direct sound of alert {owner}"
            rows.append(_describe(site, pulses, int(p)) | {"reason": reason})
    return rows


def _describe(site: Site, pulses: Pulses, p: int) -> Row:
    def number(value: float, digits: int) -> float | None:
        return round(float(value), digits) if np.isfinite(value) else None

    return {
        "sensor": site.stations[pulses.station[p]].id,
        "time_s": number(pulses.time_s[p], 6),
        "sigma_s": number(pulses.sigma_s[p], 6),
        "level_db": number(pulses.level_db[p], 2),
        "snr_db": number(pulses.snr_db[p], 2),
        "clipped": bool(pulses.clipped[p]),
    }


def _write_clips(recording: Recording, pulses: Pulses, incident: Incident, place: Path) -> list[Row]:
    rows: list[Row] = []
    for station in np.unique(pulses.station[incident.pulse]):
        times = pulses.time_s[incident.pulse][pulses.station[incident.pulse] == station]
        start_s, samples = read_clip(
            recording, int(station), times.min() - AROUND_S[0], times.max() + AROUND_S[1]
        )
        if not samples.shape[1]:
            continue
        record = recording.site.stations[station]
        file = f"{record.id}.flac"
        soundfile.write(place / file, samples[0], round(record.rate_hz), subtype="PCM_24")
        rows.append({"sensor": record.id, "file": file, "start_s": round(start_s, 6)})
    return rows
