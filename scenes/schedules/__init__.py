"""What happens, by name of the schedule: options with `draw(block, duration_s, rng) -> tuple[Event, ...]`."""

from scenes.schedules.explicit import FromFile, Listed, Quiet
from scenes.schedules.rates import Rates
from scenes.schedules.showcase import Showcase

Schedule = FromFile | Listed | Quiet | Rates | Showcase

SCHEDULES: dict[str, type[Schedule]] = {
    "quiet": Quiet,
    "list": Listed,
    "file": FromFile,
    "rates": Rates,
    "showcase": Showcase,
}
