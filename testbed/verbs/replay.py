"""`echoblock replay`: computes an alert again from its evidence, draws it, and keeps verdicts on it."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import hydra
from omegaconf import DictConfig
from pydantic import Field

from detector.packet import Packet, read_packet
from detector.replay import Replay, locate_without, replay
from scenes.errors import BadInput
from testbed.config_groups import register
from testbed.evidence_page import write_evidence_page
from testbed.job import perform
from testbed.verdict_log import Verdict, append_verdict

PRODUCTS = ("evidence.html", "replay.json")
Text = Annotated[str, Field(min_length=1, max_length=2000)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """Whose evidence; where verdicts go; and, with `verdict`, what a person makes of it."""

    packet: Path | None = None
    log: Path | None = None
    verdict: Text | None = None
    by: Text | None = None
    reason: Text | None = None
    out: Path = Path("results")


SETTINGS = ReplaySettings
register(SETTINGS, "replay")


def replay_packet(settings: ReplaySettings, folder: Path) -> Replay:
    """Recompute, write `evidence.html` and `replay.json` into an existing folder, append to the log where one is named.

    Raises
    ------
    BadInput
        No packet, or a verdict without its log, author or reason.
    """
    if settings.packet is None:
        raise BadInput("replay wants packet=DIR, the folder of an alert's evidence")
    _check_verdict(settings)
    packet = read_packet(settings.packet)
    again = replay(packet)
    shifts = locate_without(packet, again)
    record = {
        "alert": packet.record["alert"].get("id"),
        "packet_sha256": packet.sha256,
        "identical": again.identical,
        "differences": list(again.differences),
        "located_without": [
            {"sensor": name, "shift_m": None if s is None else [round(v, 2) for v in s]}
            for name, s in shifts.items()
        ],
    }
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "replay.json").write_text(text + "\n", encoding="utf-8")
    page = write_evidence_page(packet, again, shifts)
    (folder / "evidence.html").write_text(page, encoding="utf-8")
    sys.stdout.write(_tell(record))
    if settings.log is not None:
        sys.stdout.write(f"log {settings.log}, head {_keep(settings, settings.log, packet, again)}\n")
    return again


def _check_verdict(settings: ReplaySettings) -> None:
    if settings.verdict is None:
        if settings.by or settings.reason:
            raise BadInput("by and reason belong to a verdict; say verdict=… too")
        return
    missing = [key for key in ("log", "by", "reason") if getattr(settings, key) is None]
    if missing:
        raise BadInput(f"a verdict wants {', '.join(f'{key}=…' for key in missing)} as well")


def _keep(settings: ReplaySettings, log: Path, packet: Packet, again: Replay) -> str:
    """Append the outcome of the replay, and the person's verdict where there is one; return the log's head."""
    name, alert = packet.sha256, str(packet.record["alert"].get("id"))
    told = "identical" if again.identical else "; ".join(again.differences[:5])
    called = packet.record["alert"].get("call")
    software = packet.record["alert"].get("software")
    head = append_verdict(log, Verdict(alert, name, str(called), f"{software}, replayed", told))
    if settings.verdict and settings.by and settings.reason:
        head = append_verdict(log, Verdict(alert, name, settings.verdict, settings.by, settings.reason))
    return head


def _tell(record: dict[str, Any]) -> str:
    if record["identical"]:
        return f"alert {record['alert']}: identical\n"
    lines = "".join(f"  {line}\n" for line in record["differences"])
    return f"alert {record['alert']}: {len(record['differences'])} differences\n{lines}"


@hydra.main(version_base="1.3", config_path="pkg://conf", config_name="replay")
def main(config: DictConfig) -> None:
    """Run the verb; code 2 where something differs, for then packet or detector is not what it was."""
    again = perform(config, SETTINGS, replay_packet, PRODUCTS)
    if not again.identical:
        raise SystemExit(2)
