"""In a sweep, every cell is checked before the first one starts."""

from collections.abc import Sequence

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser

from scenes.errors import BadInput
from testbed.config import read_settings
from testbed.override_check import composer


def check_cells(verb: str, settings: type, arguments: Sequence[str]) -> None:
    """Compose and check the config of every cell of a `-m` command line; nothing without `-m`.

    Other sweepers than Hydra's own choose their cells as they go: their jobs are checked one by one.

    Parameters
    ----------
    verb : str
        Name of the primary config.
    settings : type
        The verb's settings.
    arguments : sequence of str
        The command line after the verb.

    Raises
    ------
    BadInput
        One line a mistake and cell.
    HydraException
        When a cell does not compose.
    """
    parsed = get_args_parser().parse_args(list(arguments))
    if not parsed.multirun or any(text.startswith("hydra/sweeper=") for text in parsed.overrides):
        return
    mistakes: list[str] = []
    with composer(verb, parsed) as loader:
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(parsed.overrides)
        swept = {o.get_key_element() for o in overrides if o.is_sweep_override()}
        for cell in BasicSweeper.split_arguments(overrides, max_batch_size=None)[0]:
            name = " ".join(text for text in cell if text.split("=", 1)[0] in swept)
            try:
                read_settings(compose(verb, overrides=cell), settings)
            except BadInput as error:
                mistakes.extend(f"{line} (in the cell {name})" for line in str(error).splitlines())
    if mistakes:
        raise BadInput("\n".join(mistakes))
