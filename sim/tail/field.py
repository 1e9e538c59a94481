"""The scattered field of a block: how much energy goes from a source to each receiver by which ways, from geometry.

Facades send part of what falls on them in all directions (Lambert). What mirrors send on is left to the search for
paths up to two reflections in plain sight; all else, more reflections and reflections before or behind a roof's edge,
is taken as scattered: the field in a street is soon diffuse (Kang 2002, Acoustics of Long Spaces; Picaut et al. 1999,
J. Acoust. Soc. Am. 106, 2638). Energy leaves by absorption and to the sky.

Walks from the source and from each receiver meet patches of facades; links between the two are ways from one to the
other (bidirectional; Veach 1997, ch. 10, with one link a way). Streets on both sides of a roof thus ring, each with its
own reverberation, as background noise in shielded canyons shows (Hornikx et al. 2014, Acta Acustica 100, 239).

Over hills walks go through streets made flat, heights counted from the ground below; links go from patch to patch over
roofs where both lie, so that a facade on a slope is lit from across the valley. Bare hills between them hide nothing:
the roofs on them do.

Gradients of wind and temperature that bend sound down shorten its detours over roofs (`sim.bowing`).

Left out: the shock wave of a bullet, which is heard along its paths alone; shadows of sound that bends up.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scenes.air import Air
from scenes.block import Block
from scenes.material import load_material
from scenes.streams import draw_stream
from sim.bowing import bow_of
from sim.propagation.city import City
from sim.propagation.paths import BANDS_HZ
from sim.propagation.places import building_over, check_places
from sim.sources.emission import Directivity
from sim.tail.link import DRAWN, LINK, link_patches
from sim.tail.walk import PATCH, STEPS_MAX, walk_streets

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

# Walks from each point; links tried between two of them, most of which find their patches turned away from each other,
# and followed past roofs.
WALKS = 384
# Tries, and the step from the receiver's draw to the next: two successive Fibonacci numbers, so that the draws on both
# sides together are as even as points in a square can be (Niederreiter 1992, Random Number Generation, ch. 5).
LATTICE = 1597, 987
LINKS = 192
# Links weaker than this below the strongest are left out, dB.
FLOOR_DB = 40.0


@dataclass(frozen=True, eq=False)
class ScatteredField:
    """What all sources of a scene share.

    Attributes
    ----------
    city : City
    walls : ndarray of WALL
        The city's as they would stand on the plane z = 0.
    bases : ndarray, shape (buildings,)
        Height of the buildings' feet, m.
    kept, mirrored : ndarray, shape (walls, 8)
        Share of the energy that facades return; share of that which leaves as from a mirror.
    ground : ndarray, shape (8,)
        Share that the ground returns (A: that at normal incidence, of the surface under all others).
    wavelengths : ndarray, shape (8,)
        m.
    bow : ndarray, shape (3,)
        How rays bend (`sim.bowing.bow_of`).
    directions : ndarray, shape (walks, 3)
        In which walks start: even over the sphere.
    lots : ndarray, shape (walks, steps, 2)
        Random numbers, the same for all walks: energies follow from the geometry alone.
    seen : tuple of ndarray of PATCH
        For each receiver.
    drawn_seen : tuple of ndarray of DRAWN, shape (tries,)
        For each receiver.
    """

    city: City
    walls: Records
    bases: Floats
    kept: Floats
    mirrored: Floats
    ground: Floats
    wavelengths: Floats
    bow: Floats
    directions: Floats
    lots: Floats
    seen: tuple[Records, ...]
    drawn_seen: tuple[Records, ...]


def open_field(
    city: City, block: Block, air: Air, receivers_m: Floats, *, rigid: bool = False
) -> ScatteredField | None:
    """Prepare the scattered field for receivers (m, 3), m; None where the block has no facade.

    `rigid` facades and ground absorb nothing, and facades are mirrors.

    Raises
    ------
    BadInput
        When a receiver lies inside a building or under the ground.
    """
    walls = city.plan.walls
    if not len(walls):
        return None
    names = [building.facade for building in block.buildings]
    kept = 1.0 - np.array([load_material(name).absorption for name in names])[walls["building"]]
    mirrored = 1.0 - np.array([load_material(name).scattering for name in names])[walls["building"]]
    ground = 1.0 - np.array(load_material(block.ground.surface).absorption)
    number = np.arange(WALKS) + 0.5
    rise = 1.0 - 2.0 * number / WALKS
    turn = np.pi * (1.0 + 5.0**0.5) * number
    flat = np.sqrt(1.0 - rise**2)
    directions = np.stack([flat * np.cos(turn), flat * np.sin(turn), rise], axis=1)
    bases = np.array([building.base_m for building in block.buildings])
    flat_walls = walls
    if bases.any():
        flat_walls = walls.copy()
        flat_walls["top"] -= bases[walls["building"]]
    field = ScatteredField(
        city,
        flat_walls,
        bases,
        np.ones_like(kept) if rigid else kept,
        np.ones_like(mirrored) if rigid else mirrored,
        np.ones_like(ground) if rigid else ground,
        air.sound_speed_mps / np.array(BANDS_HZ),
        bow_of(air),
        directions,
        draw_stream(0, "walks").uniform(size=(WALKS, STEPS_MAX, 2)),
        (),
        (),
    )
    even = np.ones(WALKS)
    places = check_places(city, receivers_m, "receiver") if len(receivers_m) else np.empty((0, 3))
    seen = tuple(_walk(field, place, even) for place in places)
    return replace(field, seen=seen, drawn_seen=tuple(_draw(patches, LATTICE[1]) for patches in seen))


def links_from(field: ScatteredField, source_m: Floats, directivity: Directivity) -> list[Records]:
    """Return the ways by which scattered sound goes from a source (3,), m, to each receiver: any number of LINK."""
    place = check_places(field.city, source_m, "source")[0]
    lit = _walk(field, place, directivity(field.directions) ** 2)
    drawn_lit = _draw(lit, 1)
    found: list[Records] = []
    for number, seen in enumerate(field.seen):
        steps = np.stack([seen[axis] - at for axis, at in zip("xyz", place, strict=True)], axis=1)
        aimed = directivity(steps / np.maximum(np.linalg.norm(steps, axis=1), 1e-6)[:, None]) ** 2
        found.append(_link(field, number, lit, drawn_lit, aimed))
    return found


def _link(field: ScatteredField, receiver: int, lit: Records, drawn_lit: Records, aimed: Floats) -> Records:
    """Link what a source has lit to what a receiver looks at; return the links that are not too weak."""
    links = np.empty(LINKS, LINK)
    plan = field.city.plan
    count = link_patches(
        plan.walls,
        plan.grid,
        field.wavelengths,
        field.ground,
        field.bow,
        lit,
        field.seen[receiver],
        drawn_lit,
        field.drawn_seen[receiver],
        aimed,
        np.empty(len(drawn_lit)),
        links,
    )
    loud = links["power"][:count].sum(axis=1)
    return links[:count][loud > 10.0 ** (-0.1 * FLOOR_DB) * loud.max(initial=0.0)]


def _walk(field: ScatteredField, place: Floats, weights: Floats) -> Records:
    """Return the patches that walks from a place meet, the place itself first; `weights` (walks,) weigh power."""
    patches = np.zeros(1 + WALKS * STEPS_MAX, PATCH)
    powers = 4.0 * np.pi / WALKS * weights
    start = place - (0.0, 0.0, _floor_at(field, place))
    count = walk_streets(
        field.walls,
        field.city.plan.grid,
        float(field.walls["top"].max()),
        field.kept,
        field.mirrored,
        field.ground,
        start,
        field.directions,
        powers,
        field.lots,
        patches,
    )
    terrain = field.city.terrain
    if terrain is not None:
        patches["z"][:count] += terrain.height_at(
            np.stack([patches["x"][:count], patches["y"][:count]], axis=1)
        )
    patches["x"][0], patches["y"][0], patches["z"][0] = place
    patches["power"][0] = patches["mirrored"][0] = 1.0
    return patches[:count]


def _floor_at(field: ScatteredField, place: Floats) -> float:
    """Return the height of what counts as flat ground below a place: of the house that it is on, or of the terrain."""
    terrain, x, y = field.city.terrain, float(place[0]), float(place[1])
    if terrain is None:
        return 0.0
    house = building_over(field.walls, field.city.plan.grid, x, y, -1.0)
    # A place beside the downhill end of a plot is above the ground there, not below that of the raster.
    return float(field.bases[house]) if house >= 0 else min(float(terrain.height_at(place)), float(place[2]))


def _draw(patches: Records, step: int) -> Records:
    """Draw patches with `step` between one draw's place among all chances and the next; shape (tries,).

    The chance goes by the root of the power, so that late patches have their turn; half is for the point itself.
    """
    weight = np.sqrt(patches["power"].sum(axis=1))
    weight[0] = weight[1:].sum() or 1.0
    chance = weight / weight.sum()
    tries = LATTICE[0]
    drawn = np.empty(tries, DRAWN)
    # A third on, so that no draw falls on the half where the point itself ends.
    lots = (np.arange(tries) * step % tries + 1.0 / 3.0) / tries
    drawn["patch"] = np.minimum(np.searchsorted(np.cumsum(chance), lots, side="right"), len(chance) - 1)
    drawn["chance"] = chance[drawn["patch"]]
    return drawn
