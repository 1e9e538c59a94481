"""Runs the detector where the truth cannot be had: `python blindfold.py RECORDING ALERTS`.

A process of its own: `scenes`, `sim`, `testbed` cannot be imported, and whoever opens or lists what lies beside
the recording is noted, swallowed exceptions or not. Exits with 3 and the notes when there are any.
"""

import importlib.abc
import sys
from pathlib import Path

RECORDING, ALERTS = (Path(name).resolve() for name in sys.argv[1:3])
HIDDEN = ("scenes", "sim", "testbed")
FILE_EVENTS = ("open", "os.listdir", "os.scandir")
peeks: list[str] = []


class Blindfold(importlib.abc.MetaPathFinder):
    """Hides the other packages."""

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002 - importlib's signature
        if fullname.split(".")[0] in HIDDEN:
            peeks.append(f"import {fullname}")
            raise ModuleNotFoundError(fullname)


def watch(event, arguments):
    if event not in FILE_EVENTS or not isinstance(arguments[0], str | bytes | Path):
        return
    path = Path(arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]).resolve()
    beside = path.is_relative_to(RECORDING.parent) and not path.is_relative_to(RECORDING)
    if (beside or path.name == "truth.json") and path != ALERTS:
        peeks.append(f"{event} {path.name}")
        raise PermissionError(path)


sys.meta_path.insert(0, Blindfold())
sys.addaudithook(watch)

from detector.alert import write_alerts  # noqa: E402 - only now that the blindfold is on
from detector.detect import listen_recording  # noqa: E402
from detector.recording import open_recording  # noqa: E402

write_alerts(listen_recording(open_recording(RECORDING)).alerts, ALERTS)
if peeks:
    sys.stderr.write("\n".join(peeks) + "\n")
    sys.exit(3)
