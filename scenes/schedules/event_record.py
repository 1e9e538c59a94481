"""Events as plain records: what a config, a JSON file or a row of a CSV says of one bang."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scenes.block import Block
from scenes.errors import BadInput
from scenes.event import Event
from scenes.frame import lonlat_to_local

KNOWN = {
    "id",
    "incident",
    "kind",
    "time_s",
    "position_m",
    "x",
    "y",
    "z",
    "lon",
    "lat",
    "z_agl",
    "traits",
    "heard",
}
ACCEPTED = "an event has kind, time_s, position_m [x, y, z] (or x, y, z; lon, lat, z_agl), perhaps id, incident, traits"
SHOWN = 20


def events_from_records(records: Sequence[object], block: Block, source: str) -> tuple[Event, ...]:
    """Return the events in time order.

    Parameters
    ----------
    records : sequence of mappings
        `kind`, `time_s`, the place as `position_m` or `x`, `y`, `z` (m) or `lon`, `lat`, `z_agl`; `id` ("E01", ... by
        default), `incident` (the id by default), `traits`; any other key is a trait.
    block : Block
        Its origin is for longitudes and latitudes, its ground for heights above ground (`z_agl`).
    source : str
        What to call the records in messages.

    Raises
    ------
    BadInput
        One line for each mistake: no events at all, a field missing or not a number, an id twice.
    """
    if not records:
        msg = f"{source}: holds no events; {ACCEPTED} (schedule=quiet is a scene without events)"
        raise BadInput(msg)
    events, mistakes = [], []
    for number, record in enumerate(records, start=1):
        try:
            events.append(_event(record, number, block))
        except ValueError as error:
            mistakes.append(f"{source}: event {number}: {error}")
    repeated = [name for name, n in Counter(event.id for event in events).items() if n > 1]
    mistakes += [f"{source}: event id {name!r} occurs more than once; ids must differ" for name in repeated]
    if mistakes:
        raise BadInput("\n".join(mistakes[:SHOWN]))
    return tuple(sorted(events, key=lambda event: (event.time_s, event.id)))


def _event(record: object, number: int, block: Block) -> Event:
    if not isinstance(record, Mapping):
        msg = f"is {type(record).__name__}, not a record; {ACCEPTED}"
        raise ValueError(msg)
    kind = record.get("kind")
    if not isinstance(kind, str) or not kind.strip():
        msg = f"has no kind; {ACCEPTED}"
        raise ValueError(msg)
    name = str(record.get("id") or f"E{number:02d}")
    traits = {
        str(key): _trait(value)
        for key, value in record.items()
        if key not in KNOWN and value not in (None, "")
    }
    more = record.get("traits") or {}
    if not isinstance(more, Mapping):
        msg = f"traits must be a mapping, not {more!r}"
        raise ValueError(msg)
    traits |= {str(key): _trait(value) for key, value in more.items()}
    return Event(
        id=name,
        incident=str(record.get("incident") or name),
        kind=kind.strip(),
        time_s=_number(record, "time_s"),
        position_m=_place(record, block),
        traits=traits,
    )


def _place(record: Mapping[str, Any], block: Block) -> tuple[float, float, float]:
    position = record.get("position_m")
    if position is not None:
        if isinstance(position, str) or not isinstance(position, Sequence) or len(position) != 3:
            msg = f"position_m must be [x, y, z] in m, not {position!r}"
            raise ValueError(msg)
        x, y, z = (_number({"position_m": value}, "position_m") for value in position)
        return x, y, z
    if "x" in record or "y" in record:
        return _number(record, "x"), _number(record, "y"), _number(record, "z")
    if "lon" in record and "lat" in record:
        if block.origin is None:
            msg = "gives lon and lat, but this block lies nowhere; give x, y, z in m"
            raise ValueError(msg)
        x, y = lonlat_to_local(block.origin, [_number(record, "lon"), _number(record, "lat")])[0].tolist()
        return x, y, float(block.ground.height_at((x, y))) + _number(record, "z_agl")
    msg = f"has no place; {ACCEPTED}"
    raise ValueError(msg)


def _number(record: Mapping[str, Any], key: str) -> float:
    said = record.get(key)
    try:
        value = math.nan if isinstance(said, bool) else float(said)  # pyright: ignore[reportArgumentType] - None is caught
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        msg = f"{key} must be a number, not {said!r}"
        raise ValueError(msg)
    return value


def _trait(value: object) -> float | str:
    """Return a number where a text is one (all cells of a CSV are text)."""
    if isinstance(value, int | float):
        return value
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    return number if math.isfinite(number) else str(value)
