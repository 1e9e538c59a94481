"""Alerts as a table for spreadsheets: `alerts.csv`."""

import csv
from collections.abc import Iterable
from pathlib import Path

from detector.alert import Alert, alert_to_record, sort_alerts
from detector.belief import LABELS

COLUMNS = (
    "id", "time_s", "time_utc", "x_m", "y_m", "z_m", "lon", "lat", "region95_area_m2", "call",
    *(f"belief_{label}" for label in LABELS), "log10_lr_gunshot", "rounds", "rounds_low", "rounds_high", "sensors",
    "latency_s", "software", "config_sha256", "evidence",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a text that begins so


def write_csv(alerts: Iterable[Alert], path: Path) -> None:
    """Write one line an alert, in time order; sensors are separated by spaces, empty means unknown (RFC 4180)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for alert in sort_alerts(alerts):
            writer.writerow([_cell(value) for value in _row(alert)])


def _row(alert: Alert) -> list[object]:
    record = alert_to_record(alert)
    x, y, z = alert.position_m
    lon, lat = alert.lonlat or (None, None)
    own: dict[str, object] = {
        "x_m": round(x, 3),
        "y_m": round(y, 3),
        "z_m": None if z is None else round(z, 3),
        "lon": None if lon is None else round(lon, 8),
        "lat": None if lat is None else round(lat, 8),
        "sensors": " ".join(alert.sensors),
        **{f"belief_{label}": round(getattr(alert.belief, label), 6) for label in LABELS},
    }
    return [own.get(name, record.get(name)) for name in COLUMNS]


def _cell(value: object) -> object:
    """Keep texts from being read as formulas: sensors are named by whoever wrote the site."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
