"""Alerts as Common Alerting Protocol 1.2 messages (OASIS 2010), for dispatch systems that take nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, register_namespace

import numpy as np

from detector.alert import Alert
from detector.fix import Ring
from detector.lonlat import to_lonlat
from detector.site import Site

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LIKELY = 0.5  # "likely" of the standard: probability above about one half
UNLIKELY = 0.1
EVENTS = {
    "gunshot": "Gunfire",
    "firework": "Firework",
    "backfire": "Vehicle backfire",
    "other": "Loud impulse, no gunfire",
    "uncertain": "Loud impulse, uncertain",
}


@dataclass(frozen=True)
class CapOptions:
    """What a message says of its sender.

    Attributes
    ----------
    sender : str
        Name of the system, without spaces or commas.
    status : str
        "Actual" only where somebody acts on alerts; "Exercise" for simulated scenes, "Test" else.
    """

    sender: str = "echoblock"
    status: Literal["Actual", "Exercise", "Test"] = "Test"

    def __post_init__(self) -> None:
        """Refuse senders that the standard refuses."""
        if not self.sender or any(c in " ,<&" or ord(c) < 33 for c in self.sender):
            raise ValueError(f"sender is {self.sender!r}; accepted is a name without spaces, commas, < and &")


def write_cap(alert: Alert, site: Site, options: CapOptions, path: Path) -> None:
    """Write one alert as a CAP 1.2 message.

    `sent` is the time of the decision, so that the same recording gives the same bytes. Regions are polygons in WGS84,
    latitude first; holes, which CAP does not know, are left out. Certainty is that of gunfire.

    Raises
    ------
    ValueError
        When the site has no origin or no epoch: a message needs place and time on earth.
    """
    if site.origin is None or site.epoch_utc is None:
        raise ValueError("a CAP message needs a site with origin and epoch_utc")
    root = Element(_tag("alert"))
    decided_s = alert.time_s + alert.latency_s
    for name, value in (
        ("identifier", alert.id),
        ("sender", options.sender),
        ("sent", _moment(site.epoch_utc, decided_s)),
        ("status", options.status),
        ("msgType", "Alert"),
        ("scope", "Restricted"),
        ("restriction", "For verification by those who hold the evidence; no public warning"),
    ):
        _add(root, name, value)
    _add_info(root, alert, site.epoch_utc, site.origin)
    register_namespace("", NAMESPACE)
    indent(root)
    ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)


def _add_info(root: Element, alert: Alert, epoch_utc: str, origin: tuple[float, float]) -> None:
    info = SubElement(root, _tag("info"))
    gun = alert.belief.gunshot
    rounds = f"{alert.rounds} ({alert.rounds_low} to {alert.rounds_high}) rounds"
    rounds += ", automatic" if alert.automatic else ""
    words = (
        f"Heard by {len(alert.sensors)} sensors; 95 % region {alert.region95_area_m2:.0f} m2; "
        f"probability of gunfire {gun:.2f} at a base rate of {alert.base_rate.gunshot:.2f}."
    )
    for name, value in (
        ("language", "en"),
        ("category", "Security"),
        ("event", EVENTS[alert.call]),
        ("urgency", "Immediate" if alert.call == "gunshot" else "Unknown"),
        ("severity", "Severe" if alert.call == "gunshot" else "Unknown"),
        ("certainty", "Likely" if gun > LIKELY else "Unlikely" if gun < UNLIKELY else "Possible"),
        ("onset", _moment(epoch_utc, alert.time_s)),
        ("headline", f"{EVENTS[alert.call]}: {rounds}"),
        ("description", words),
    ):
        _add(info, name, value)
    for name, value in (
        ("belief_gunshot", f"{gun:.6f}"),
        ("log10_lr_gunshot", f"{alert.belief.log10_lr_gunshot:.4f}"),
        ("rounds", str(alert.rounds)),
        ("automatic", "true" if alert.automatic else "false"),
        ("several_shooters", f"{alert.several_shooters:.4f}"),
        ("sensors", " ".join(alert.sensors)),
        ("software", alert.software),
        ("config_sha256", alert.config_sha256),
    ):
        parameter = SubElement(info, _tag("parameter"))
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    area = SubElement(info, _tag("area"))
    _add(area, "areaDesc", "Region that holds the place with a probability of 95 %")
    for polygon in alert.regions["95"]:
        _add(area, "polygon", _ring(polygon[0], origin))


def _ring(ring: Ring, origin: tuple[float, float]) -> str:
    """Return a closed ring as "lat,lon lat,lon ..."."""
    closed = [*ring, ring[0]] if ring[0] != ring[-1] else list(ring)
    return " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat in to_lonlat(origin, np.array(closed)).tolist())


def _moment(epoch_utc: str, time_s: float) -> str:
    """Return a time as the standard wants it: whole seconds, with an offset, never Z."""
    moment = datetime.fromisoformat(epoch_utc) + timedelta(seconds=round(time_s))
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, _tag(name)).text = text
