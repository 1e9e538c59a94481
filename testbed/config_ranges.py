"""Ranges of single numbers in the options of other rooms; what two numbers owe each other, their rooms check."""

from typing import Any

from pydantic import Field

_NOT_NEGATIVE = Field(ge=0.0)
_POSITIVE = Field(gt=0.0)

RANGES: dict[str, Any] = {
    "weather.temperature_c": Field(ge=-40.0, le=60.0),
    "weather.humidity": Field(ge=0.0, le=100.0),
    "weather.pressure_pa": Field(ge=50_000.0, le=110_000.0),
    "weather.wind_mps": Field(min_length=2, max_length=2),
    "ambient.octave_db_rms": Field(min_length=8, max_length=8),
    "ambient.spread_db": Field(ge=0.0, le=30.0),
    "survey.position_sigma_m": Field(ge=0.0, le=1_000.0),
    "survey.temperature_sigma_c": _NOT_NEGATIVE,
    "survey.wind_sigma_mps": _NOT_NEGATIVE,
    "layout.count": Field(ge=1, le=10_000),
    "layout.distance_min_m": _NOT_NEGATIVE,
    "sensor.full_scale_pa": _POSITIVE,
}
