"""Ranges of single numbers in the options of other rooms; what two numbers owe each other, their rooms check."""

from typing import Any

from pydantic import Field

_NOT_NEGATIVE = Field(ge=0.0)
_POSITIVE = Field(gt=0.0)
_SHARE = Field(ge=0.0, le=1.0)

RANGES: dict[str, Any] = {
    "weather.temperature_c": Field(ge=-40.0, le=60.0),
    "weather.humidity": Field(ge=0.0, le=100.0),
    "weather.pressure_pa": Field(ge=50_000.0, le=110_000.0),
    "weather.wind_mps": Field(min_length=2, max_length=2),
    "weather.turbulence_mps": Field(ge=0.0, le=10.0),
    "weather.temperature_gradient": Field(ge=-1.0, le=1.0),
    "weather.wind_gradient": Field(min_length=2, max_length=2),
    "ambient.octave_db_rms": Field(min_length=8, max_length=8),
    "ambient.spread_db": Field(ge=0.0, le=30.0),
    "ambient.shared": Field(ge=0.0, le=1.0),
    "ambient.patch_m": Field(ge=1.0, le=100_000.0),
    "ambient.height_db": Field(ge=0.0, le=10.0),
    "ambient.passers_per_min": Field(ge=0.0, le=120.0),
    "ambient.passer_db": Field(ge=0.0, le=110.0),
    "survey.position_sigma_m": Field(ge=0.0, le=1_000.0),
    "survey.temperature_sigma_c": _NOT_NEGATIVE,
    "survey.humidity_sigma": _NOT_NEGATIVE,
    "survey.wind_sigma_mps": _NOT_NEGATIVE,
    "faults.dead_share": _SHARE,
    "faults.deaf_share": _SHARE,
    "faults.deaf_db": Field(ge=0.0, le=80.0),
    "faults.deaf_hz": Field(ge=20.0, le=100_000.0),
    "faults.address_share": _SHARE,
    "faults.address_m": Field(min_length=2, max_length=2),
    "faults.packet_s": Field(ge=0.01, le=3_600.0),
    "faults.drop_share": _SHARE,
    "faults.repeat_share": _SHARE,
    "faults.late_share": _SHARE,
    "faults.late_s": Field(ge=0.0, le=86_400.0),
    "layout.count": Field(ge=1, le=10_000),
    "layout.height_m": Field(gt=0.0, le=500.0),
    "layout.spacing_m": Field(ge=1.0),
    "layout.min_distance_m": _NOT_NEGATIVE,
    "clock.sigma_s": _POSITIVE,
    "clock.offset_sigma_s": _NOT_NEGATIVE,
    "clock.skew_sigma_ppm": Field(ge=0.0, le=10_000.0),
    "clock.unset_h": _NOT_NEGATIVE,
    "clock.jitter_s": Field(ge=0.0, le=10.0),
    "clock.step_sigma_s": Field(ge=0.0, le=10.0),
    "clock.step_within_s": Field(ge=0.0, le=86_400.0),
    "sensor.full_scale_db": Field(ge=60.0, le=200.0),
    "sensor.noise_floor_db": Field(ge=-20.0, le=100.0),
    "sensor.sensitivity_sigma_db": Field(ge=0.0, le=20.0),
    "sensor.high_pass_hz": Field(gt=0.0, le=1_000.0),
    "sensor.high_pass_order": Field(ge=1, le=4),
    "sensor.anti_alias": Field(ge=0.05, le=0.45),
    "sensor.low_pass_hz": Field(ge=0.0, le=100_000.0),
    "sensor.baffle_db": Field(ge=0.0, le=40.0),
    "sensor.limiter_db": Field(ge=0.0, le=200.0),
    "sensor.release_s": Field(gt=0.0, le=60.0),
    "sensor.capsules": Field(ge=1, le=8),  # FLAC holds eight channels
    "sensor.radius_m": Field(ge=0.0, le=5.0),
    "propagation.reflection_order": Field(ge=0, le=4),
    "propagation.corner_count": Field(ge=0, le=8),
    "propagation.floor_db": _POSITIVE,
    "propagation.paths_max": Field(ge=1),
}
