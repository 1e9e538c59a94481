"""One page about one alert: what it rests on, and whether computing it again gives the same."""

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from detector.influence import Shift
from detector.packet import Packet
from detector.replay import Replay
from testbed.evidence_picture import draw_place, draw_sound
from testbed.report import make_document, make_table

Row = Mapping[str, Any]


def write_evidence_page(packet: Packet, again: Replay, shifts: dict[str, Shift]) -> str:
    """Return the page as HTML; it needs no other file.

    Parameters
    ----------
    packet : Packet
    again : Replay
        Of the packet.
    shifts : dict
        `detector.replay.locate_without`.
    """
    alert = packet.record["alert"]
    title = f"Alert {alert['id']}"
    sound = draw_sound(packet)
    parts = [
        f"<h1>{escape(title)}</h1>",
        _verdict(again),
        "<h2>What was said</h2>",
        make_table(("what", "value"), _summary(packet.record), numeric=set()),
        "<h2>Where</h2>",
        _picture(draw_place(packet, shifts), "Map of sensors, regions and shifts"),
        "<h2>What the sensors heard</h2>",
        "<p>The packet holds no sound.</p>" if sound is None else _picture(sound, "Waveforms, spectrograms"),
        "<h2>Pulses used</h2>",
        _used(packet.record["pulses_used"]),
        "<h2>Place without one sensor</h2>",
        _left_out(shifts),
        "<h2>Pulses not used</h2>",
        _rejected(packet.record["pulses_rejected"]),
        "<h2>Other places considered</h2>",
        _places(packet.record),
        "<h2>Sensors in trouble</h2>",
        _health(packet.record.get("sensor_health", [])),
    ]
    return make_document(title, parts)


def _verdict(again: Replay) -> str:
    if again.identical:
        return '<p class="note">Computed again from the pulses of the packet: identical.</p>'
    lines = "".join(f"<li>{escape(line)}</li>" for line in again.differences)
    return (
        f"<p><strong>Computed again from the pulses of the packet: it differs.</strong></p><ul>{lines}</ul>"
    )


def _picture(png: bytes, words: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{data}">'


def _summary(record: Row) -> list[tuple[str, str]]:
    alert = record["alert"]
    belief = ", ".join(f"{name} {p:.2f}" for name, p in alert["belief"].items())
    rate = ", ".join(f"{name} {p:.2f}" for name, p in alert["base_rate"].items())
    x, y = alert["position_m"][:2]
    return [
        ("time", f"{alert['time_s']:.3f} s after the epoch{_utc(alert)}"),
        ("place", f"{x:.1f} m east, {y:.1f} m north; 95 % region {alert['region95_area_m2']:.0f} m²"),
        ("call", alert["call"]),
        ("belief", f"{belief} (at the base rate {rate})"),
        (
            "evidence for a gunshot",
            f"{10.0 ** alert['log10_lr_gunshot']:.3g} times as likely from a gunshot as from anything else",
        ),
        *_second_answer(record.get("fire") or {}),
        (
            "rounds",
            f"{alert['rounds']} (between {alert['rounds_low']} and {alert['rounds_high']}){_fire(record)}",
        ),
        (
            "heard",
            f"{record.get('pulses_heard')} of {record.get('pulses_heard_in_all')} pulses of the recording kept",
        ),
        ("by", f"{alert['software']}, detector {record['detector']}, config {alert['config_sha256'][:16]}…"),
    ]


def _fire(record: Row) -> str:
    fire = record.get("fire")
    if not fire:
        return ""
    kind = "automatic" if fire["automatic"] else "not automatic"
    return f", {kind}; if gunfire, more than one shooter with probability {fire['several_shooters']:.2f}"


def _second_answer(fire: Row) -> list[tuple[str, str]]:
    second = fire.get("with_history")
    if not second:
        return []
    belief = ", ".join(f"{name} {p:.2f}" for name, p in second["belief"].items())
    words = f"{second['call']}: {belief} (odds of gunfire times {second['gunshot_odds']:g} for past incidents here)"
    return [("belief with location history", words)]


def _utc(alert: Row) -> str:
    return f", {alert['time_utc']}" if alert.get("time_utc") else ""


def _used(pulses: list[Row]) -> str:
    names = ("sensor", "round", "time, s", "late, ms", "s.d., ms", "level, dB", "over floor, dB", "clipped")
    lines = [
        (
            p["sensor"], str(p["round"] + 1), f"{p['time_s']:.4f}", f"{1e3 * p['residual_s']:+.1f}",
            _milli(p["sigma_s"]), _one(p["level_db"]), _one(p["snr_db"]), "yes" if p["clipped"] else "",
        )
        for p in pulses
    ]  # fmt: skip
    return make_table(names, lines, numeric={1, 2, 3, 4, 5, 6})


def _rejected(pulses: list[Row]) -> str:
    lines = [
        (p["sensor"], f"{p['time_s']:.4f}", _one(p["level_db"]), _one(p["snr_db"]), p["reason"])
        for p in pulses
    ]
    return make_table(("sensor", "time, s", "level, dB", "over floor, dB", "why"), lines, numeric={1, 2, 3})


def _left_out(shifts: dict[str, Shift]) -> str:
    lines = [
        (name, "the others fix no place", "", "")
        if s is None
        else (name, f"{(s[0] ** 2 + s[1] ** 2) ** 0.5:.1f}", f"{s[0]:+.1f}", f"{s[1]:+.1f}")
        for name, s in shifts.items()
    ]
    return make_table(("without", "moves, m", "east, m", "north, m"), lines, numeric={1, 2, 3})


def _places(record: Row) -> str:
    listed = [
        (o["position_m"], f"probability {o['probability']:.3f}") for o in record["alert"]["alternatives"]
    ]
    weighed = [
        (o["position_m"], f"log odds {o['log_odds']:+.1f} beside the chosen one")
        for o in record.get("other_places", [])
    ]
    lines = [(f"{p[0]:.0f}, {p[1]:.0f}", words) for p, words in [*listed, *weighed]]
    return make_table(("place, m", "weight"), lines, numeric=set())


def _health(troubles: list[Row]) -> str:
    lines = [(t["sensor"], t["kind"], t["detail"]) for t in troubles]
    return make_table(("sensor", "trouble", "detail"), lines, numeric=set())


def _milli(value: float | None) -> str:
    return "–" if value is None else f"{1e3 * value:.2f}"


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
