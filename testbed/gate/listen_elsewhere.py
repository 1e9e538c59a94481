"""Run with the packages of another commit: HOME MODULE:CLASS (RECORDING ALERTS)...

It knows of that commit only what has to stay: how a recording is opened, listened to, and its alerts written.
"""

import importlib
import sys
from pathlib import Path


def main(home: str, options: str, paths: list[str]) -> None:
    """Hear each recording with the detector that lies in `home`; write its alerts."""
    detect = importlib.import_module("detector.detect")
    if not Path(detect.__file__ or "").resolve().is_relative_to(Path(home).resolve()):
        sys.exit(f"the detector that answers is not the one in {home}")
    module, name = options.split(":")
    chosen = getattr(importlib.import_module(module), name)()
    open_recording = importlib.import_module("detector.recording").open_recording
    write_alerts = importlib.import_module("detector.alert").write_alerts
    for recording, alerts in zip(paths[::2], paths[1::2], strict=True):
        result = detect.listen_recording(open_recording(Path(recording)), chosen)
        write_alerts(result.alerts, Path(alerts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
