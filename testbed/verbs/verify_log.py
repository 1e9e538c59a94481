"""`echoblock verify-log`: checks a log of verdicts."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import hydra
from omegaconf import DictConfig
from pydantic import Field

from scenes.errors import BadInput
from testbed.config import read_settings
from testbed.config_groups import register
from testbed.job import tell_mistakes
from testbed.verdict_log import LINES_SHOWN, read_log


@dataclasses.dataclass(frozen=True, kw_only=True)
class VerifyLogSettings:
    """The log, and its last digest where somebody kept it elsewhere."""

    log: Path | None = None
    head: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None


SETTINGS = VerifyLogSettings
register(SETTINGS, "verify_log")


def verify_log(settings: VerifyLogSettings) -> None:
    """Check the chain and print what it holds.

    Raises
    ------
    BadInput
        One line for each of the first faults.
    """
    if settings.log is None:
        raise BadInput("verify-log wants log=FILE")
    chain = read_log(settings.log)
    faults = list(chain.faults)
    known = {entry["sha256"] for entry in chain.entries}
    if settings.head is not None and settings.head not in known:
        faults.append(
            f"{settings.log}: the entry {settings.head} is gone; the log was cut off or written anew"
        )
    if faults:
        more = [f"{settings.log}: and {len(faults) - LINES_SHOWN} more faults"] * (len(faults) > LINES_SHOWN)
        raise BadInput("\n".join([*faults[:LINES_SHOWN], *more]))
    alerts = len({entry["alert"] for entry in chain.entries})
    sys.stdout.write(
        f"{len(chain.entries)} verdicts on {alerts} alerts, none changed since it was written\nhead {chain.head}\n"
    )


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="verify_log")
def main(config: DictConfig) -> None:
    """Run the verb."""
    with tell_mistakes():
        verify_log(read_settings(config, SETTINGS))
