"""Where scenes are computed, by name of the choice of `compute=`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Local:
    """Processes on this machine, as many as `workers` says."""


@dataclass(frozen=True)
class Dask:
    """Workers of a Dask cluster; all have this code, and any files that the scenes name.

    Attributes
    ----------
    address : str
        Of the scheduler, such as tcp://10.0.0.1:8786.
    timeout_s : float
        How long to look for it, s.
    """

    address: str = ""
    timeout_s: float = 20.0


Compute = Local | Dask
COMPUTES: dict[str, type[Compute]] = {"local": Local, "dask": Dask}
