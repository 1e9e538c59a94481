"""What `packet.json` must hold, so that whoever reads a packet need not ask again."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detector.errors import BadInput

FORMAT = "echoblock-evidence/1"
Record = dict[str, Any]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
Point = Annotated[list[float | None], Field(min_length=2, max_length=3)]
Flat = Annotated[list[float], Field(min_length=2, max_length=3)]


class _Held(BaseModel):
    # Unknown keys are left alone: a later version may say more.
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class _Alternative(_Held):
    position_m: Flat
    probability: float


class _Alert(_Held):
    id: str
    time_s: float
    time_utc: str | None
    position_m: Point
    regions: dict[str, list[list[Annotated[list[Flat], Field(min_length=3)]]]]
    region95_area_m2: float
    alternatives: list[_Alternative]
    belief: dict[str, float]
    base_rate: dict[str, float]
    log10_lr_gunshot: float
    call: str
    rounds: int
    rounds_low: int
    rounds_high: int
    sensors: list[str]
    software: str
    config_sha256: str


class _Pulse(_Held):
    sensor: str
    time_s: float
    sigma_s: float | None
    level_db: float | None
    snr_db: float | None
    clipped: bool


class _Used(_Pulse):
    round: int
    residual_s: float


class _Rejected(_Pulse):
    reason: str


class _Clip(_Held):
    sensor: str
    file: Name
    start_s: float


class _Trouble(_Held):
    sensor: str
    kind: str
    detail: str


class _Rival(_Held):
    position_m: Flat
    log_odds: float


class _SecondAnswer(_Held):
    gunshot_odds: float
    belief: dict[str, float]
    call: str


class _Fire(_Held):
    automatic: bool
    several_shooters: float
    with_history: _SecondAnswer | None = None


class _Packet(_Held):
    format: str
    alert: _Alert
    fire: _Fire | None = None  # older packets have none
    detector: str
    options: Record
    sensor_health: list[_Trouble]
    pulses_heard: int
    pulses_heard_in_all: int
    pulses_used: list[_Used]
    pulses_rejected: list[_Rejected]
    other_places: list[_Rival]
    clips: list[_Clip]
    files: dict[Name, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


def check_record(record: object, path: Path) -> Record:
    """Return what `packet.json` holds when it holds what a packet must.

    Raises
    ------
    BadInput
        Another format; a value that is missing or of the wrong kind; a clip that is no file of the packet.
    """
    form = record.get("format") if isinstance(record, dict) else None
    if not isinstance(record, dict) or form != FORMAT:
        raise BadInput(f"{path}: format {form!r}; accepted is {FORMAT!r}")
    try:
        held = _Packet.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{path}: {place}: {first['msg'][0].lower()}{first['msg'][1:]}") from error
    for clip in held.clips:
        if clip.file not in held.files:
            raise BadInput(f"{path}: {clip.file!r} is no file of the packet")
    return record
