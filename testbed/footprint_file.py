"""`scene=file`: a block from a user's footprints."""

from dataclasses import dataclass, field
from pathlib import Path

from scenes.block import Block
from scenes.errors import BadInput
from scenes.footprints import FootprintOptions, read_footprints
from scenes.import_account import ImportAccount


@dataclass(frozen=True)
class FootprintFile:
    """Footprints of buildings with heights.

    Attributes
    ----------
    buildings : Path or None
        GeoJSON in WGS84, GeoPackage, .osm or .osm.pbf; required.
    footprints : FootprintOptions
        How footprints become a block.
    terrain : Path or None
        GeoTIFF of heights of the ground, which must cover the block; None is flat ground.
    """

    buildings: Path | None = None
    footprints: FootprintOptions = field(default_factory=FootprintOptions)
    terrain: Path | None = None

    def read(self) -> tuple[Block, ImportAccount]:
        """Return the block, and what was read, mended and left out.

        Raises
        ------
        BadInput
            When there is no file or it cannot be read as footprints.
        """
        if self.buildings is None:
            raise BadInput("scene=file wants scene.buildings=FILE, a map of building footprints")
        return read_footprints(self.buildings, self.footprints, self.terrain)
