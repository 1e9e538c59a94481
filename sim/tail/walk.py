"""Random walks of sound energy from one point through the streets, facade to facade, until the sky has it."""

import math

import numpy as np
from numba import njit

from sim.propagation.bag import BANDS
from sim.propagation.grid import TOUCH_M, cells_along, meet
from sim.propagation.span import span

# Facades met on one walk.
STEPS_MAX = 10
# A walk ends below this share of its energy, and beyond this length, m (2 s of sound).
SHARE_MIN = 1e-4
REACH_M = 700.0
# Cells are looked through in stretches of this length, m: most walls are near.
_STRETCH_M = 80.0
_OFF_M = 0.02

# A patch of facade that a walk has come to, or (number 0) the point where all walks start: place and outward normal,
# length walked and longest leg of the walk, m, how many facades it has met, this one included; the power that leaves
# the patch (re a source of 1 Pa at 1 m: 4 pi), and the share of it that mirrors alone would have sent here.
PATCH = np.dtype(
    [(name, np.float64) for name in ("x", "y", "z", "nx", "ny", "way", "longest")]
    + [("met", np.int64), ("power", np.float64, (BANDS,)), ("mirrored", np.float64, (BANDS,))]
)


@njit(cache=True, nogil=True)
def walk_streets(walls, grid, tallest, kept, mirrored, ground, start, directions, powers, lots, patches):
    """Walk from a point in all given directions; write the patches met behind number 0, return how many in all.

    No wall is higher than `tallest`, m. `kept` and `mirrored` (walls, bands) are what facades leave of the energy and
    the share of that which leaves as from a mirror; `ground` (bands,) is what a bounce on the ground leaves. Every
    facade sends the walk on by Lambert's law, drawn with `lots` (walks, steps, 2): uniform in 0 to 1. The ground is a
    mirror; what falls on a roof is lost.
    """
    cells = np.empty(grid.nx + grid.ny + 4, np.int64)
    power, mirror = np.empty(BANDS), np.empty(BANDS)
    count = 1
    for number in range(len(directions)):
        x, y, z = start[0], start[1], start[2]
        dx, dy, dz = directions[number, 0], directions[number, 1], directions[number, 2]
        for band in range(BANDS):
            power[band], mirror[band] = powers[number], 1.0
        way, longest = 0.0, 0.0
        for step in range(STEPS_MAX):
            plan = span(dx, dy)
            if plan < 1e-6:
                break
            ux, uy, slope = dx / plan, dy / plan, dz / plan
            along, wall = _next_wall(
                walls, grid, x, y, z, ux, uy, slope, (REACH_M - way) * plan, tallest, cells
            )
            if wall < 0 or count == len(patches):
                break
            high = z + slope * along
            leg = along / plan
            way, longest = way + leg, max(longest, leg)
            total = 0.0
            for band in range(BANDS):
                power[band] *= kept[wall, band] * (ground[band] if high < 0.0 else 1.0)
                mirror[band] *= mirrored[wall, band]
                total += power[band]
            if total < SHARE_MIN * BANDS * powers[number]:
                break
            ex, ey = walls.bx[wall] - walls.ax[wall], walls.by[wall] - walls.ay[wall]
            size = span(ex, ey)
            nx, ny = ey / size, -ex / size
            x, y, z = x + along * ux + _OFF_M * nx, y + along * uy + _OFF_M * ny, abs(high)
            patch = patches[count]
            patch.x, patch.y, patch.z, patch.nx, patch.ny = x, y, z, nx, ny
            patch.way, patch.longest, patch.met = way, longest, step + 1
            for band in range(BANDS):
                patch.power[band], patch.mirrored[band] = power[band], mirror[band]
            count += 1
            cosine = math.sqrt(lots[number, step, 0])
            sine = math.sqrt(1.0 - lots[number, step, 0])
            turn = 2.0 * math.pi * lots[number, step, 1]
            side, dz = sine * math.cos(turn), sine * math.sin(turn)
            dx, dy = cosine * nx - side * ny, cosine * ny + side * nx
    return count


@njit(cache=True, nogil=True)
def _next_wall(walls, grid, x, y, z, ux, uy, slope, reach, tallest, cells):
    """Return (distance in plan, wall) of the first facade on a ray, (0, -1) where none is or a roof comes first."""
    if slope > 0.0:
        reach = min(reach, (tallest - z) / slope)
    begin = 0.0
    while begin < reach:
        end = min(begin + _STRETCH_M, reach)
        nearest, found, leaves = math.inf, -1, False
        x0, y0 = x + begin * ux, y + begin * uy
        for k in range(cells_along(grid, x0, y0, x + end * ux, y + end * uy, cells)):
            for entry in range(grid.start[cells[k]], grid.start[cells[k] + 1]):
                wall = grid.item[entry]
                along, sides = meet(walls, wall, x0, y0, ux, uy, end - begin + 2.0 * TOUCH_M)
                along += begin
                if sides == 0 or along >= nearest or abs(z + slope * along) >= walls.top[wall]:
                    continue
                nearest, found = along, wall
                leaves = ux * (walls.by[wall] - walls.ay[wall]) - uy * (walls.bx[wall] - walls.ax[wall]) > 0.0
        if found >= 0:
            return (0.0, -1) if leaves else (nearest, found)
        begin = end
    return 0.0, -1
