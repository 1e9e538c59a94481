"""An evidence packet: all that one alert rests on, so that anyone can compute it again.

A folder with `packet.json`, `site.json` and `pulses.parquet` (what was heard around the alert, to the last digit),
`detours.npz` where a map helped, and a clip of sound for each sensor. `packet.json` names the SHA-256 of all others.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet
from pydantic import TypeAdapter, ValidationError

from detector.choices import DETECTORS
from detector.detour import Detours
from detector.errors import BadInput
from detector.options import Detector
from detector.packet_record import Record, check_record
from detector.pulse import Pulses
from detector.site import Site
from detector.site_file import read_site

PACKET, SITE, PULSES, DETOURS = "packet.json", "site.json", "pulses.parquet", "detours.npz"
MAXIMUM_BYTES = 256 * 2**20


@dataclass(frozen=True, eq=False)
class Packet:
    """A packet as read.

    Attributes
    ----------
    folder : Path
    record : dict
        `packet.json`: "alert", "options", "sensor_health", "pulses_used", "pulses_rejected", "clips" and the rest.
    site : Site
        As the operator knew it.
    pulses : Pulses
        Everything that was heard around the alert.
    options : Detector
        The detector with its settings.
    changed : tuple of str
        Files that are not those which the packet was closed with.
    """

    folder: Path
    record: Record
    site: Site
    pulses: Pulses
    options: Detector
    changed: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Digest of `packet.json`, which names the digests of all other files."""
        return digest(self.folder / PACKET)


def write_inputs(site: Site, pulses: Pulses, folder: Path) -> None:
    """Write what a detection starts from: `site.json`, `pulses.parquet`, `detours.npz` where a map helped.

    Parameters
    ----------
    site : Site
    pulses : Pulses
    folder : Path
        Must exist.
    """
    text = json.dumps(_describe_site(site), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / SITE).write_text(text + "\n", encoding="utf-8")
    parquet.write_table(_as_table(pulses), folder / PULSES, compression="zstd")
    if site.detours is not None:
        d = site.detours
        np.savez_compressed(folder / DETOURS, corner=[d.west_m, d.south_m, d.step_m], late_s=d.late_s)


def close_packet(record: Record, folder: Path) -> None:
    """Write `packet.json`: the record, with the digests of all files that lie in the folder."""
    files = {path.name: digest(path) for path in sorted(folder.iterdir()) if path.name != PACKET}
    text = json.dumps(record | {"files": files}, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / PACKET).write_text(text + "\n", encoding="utf-8")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_packet(folder: Path) -> Packet:
    """Read and check a packet; files that were changed are named, not refused.

    Raises
    ------
    BadInput
        No such folder, a file missing or of another format, options that this version does not have.
    """
    record = _read_record(folder)
    files: Record = record["files"]
    changed = []
    for name, expected in files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"{path}: missing; the packet was closed with it")
        if path.stat().st_size > MAXIMUM_BYTES:
            raise BadInput(f"{path}: larger than {MAXIMUM_BYTES // 2**20} MiB, which no packet needs")
        if digest(path) != expected:
            changed.append(name)
    for name in (SITE, PULSES):
        if name not in files:
            raise BadInput(f"{folder / PACKET}: names no {name}, without which nothing can be replayed")
    site = read_site(folder / SITE)
    if DETOURS in files:
        site = _with_detours(site, folder / DETOURS)
    pulses = _read_pulses(folder / PULSES, site)
    return Packet(folder, record, site, pulses, _read_options(record, folder), tuple(changed))


def _read_record(folder: Path) -> Record:
    path = folder / PACKET
    if not path.is_file():
        raise BadInput(f"{path}: no such file; accepted is the folder of an alert's evidence")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read ({error})") from error
    return check_record(record, path)


def _read_options(record: Record, folder: Path) -> Detector:
    name = record["detector"]
    if name not in DETECTORS:
        raise BadInput(f"{folder / PACKET}: detector {name!r}; accepted are {', '.join(DETECTORS)}")
    try:
        options = TypeAdapter(DETECTORS[name]).validate_python(record["options"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{folder / PACKET}: options.{place}: {first['msg']}") from error
    held: Any = options
    if json.loads(json.dumps(asdict(held))) != record["options"]:
        raise BadInput(
            f"{folder / PACKET}: its options are not those of this version "
            f"(written by {record['alert'].get('software')!r}); replay it with the version that wrote it"
        )
    return options


def _describe_site(site: Site) -> Record:
    return {
        "format": "echoblock-recording/1",
        "epoch_utc": site.epoch_utc,
        "origin": None if site.origin is None else dict(zip(("lon", "lat"), site.origin, strict=True)),
        "air": asdict(site.air),
        "stations": [
            {
                "id": s.id,
                "position_m": list(s.position_m),
                "position_sigma_m": s.position_sigma_m,
                "microphones_m": s.microphones_m.tolist(),
                "sample_rate_hz": s.rate_hz,
                "full_scale_pa": s.full_scale_pa,
                "clock_sigma_s": s.clock_sigma_s,
                "audio": [asdict(piece) for piece in s.audio],
            }
            for s in site.stations
        ],
    }


def _as_table(pulses: Pulses) -> pa.Table:
    """Return one column for each column of the pulses; those with two axes as fixed-size lists."""
    columns = {}
    for name, values in vars(pulses).items():
        if values.ndim == 2:
            flat = pa.array(np.ascontiguousarray(values).ravel())
            columns[name] = (
                pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
                if values.shape[1]
                else pa.array([[]] * len(values), pa.list_(flat.type))
            )
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)


def _read_pulses(path: Path, site: Site) -> Pulses:
    try:
        table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path}: no Parquet that can be read ({str(error).splitlines()[0]})") from error
    wanted = [f.name for f in fields(Pulses)]
    if table.column_names != wanted:
        raise BadInput(f"{path}: columns {', '.join(table.column_names)}; accepted are {', '.join(wanted)}")
    try:
        pulses = Pulses(**{name: _as_array(table[name]) for name in wanted})
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise BadInput(f"{path}: a column is no table of numbers ({str(error).splitlines()[0]})") from error
    if len(pulses) and not 0 <= pulses.station.min() <= pulses.station.max() < len(site.stations):
        raise BadInput(f"{path}: a pulse of a station that {SITE} does not list")
    return pulses


def _as_array(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    if pa.types.is_fixed_size_list(column.type):
        flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return np.array(flat).reshape(len(column), column.type.list_size)
    if pa.types.is_list(column.type):
        return np.zeros((len(column), 0))
    return np.array(column.to_numpy(zero_copy_only=False))


def _with_detours(site: Site, path: Path) -> Site:
    try:
        with np.load(path, allow_pickle=False) as held:
            west_m, south_m, step_m = (float(v) for v in held["corner"])
            late_s = np.array(held["late_s"], dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{path}: no table of detours that can be read ({error})") from error
    if late_s.ndim != 3 or len(late_s) != len(site.stations) or not np.isfinite(late_s).all():
        raise BadInput(f"{path}: its table does not fit the stations")
    return replace(site, detours=Detours(west_m, south_m, step_m, late_s))
