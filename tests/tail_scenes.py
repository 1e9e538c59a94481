"""Streets for tests of the tail, and the scattered field in them."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import Air
from scenes.block import Block, Building, Ground
from scenes.material import load_material
from sim.propagation.city import index_block
from sim.sources.emission import omnidirectional
from sim.tail import field as field_module
from sim.tail.field import links_from, open_field

BOUNDS = (-400.0, -400.0, 400.0, 400.0)
AIR = Air()
C = AIR.sound_speed_mps
FACADE = load_material("brick_wall_rough")


def box(name, west, south, east, north, height_m):
    return Building(
        name,
        np.array([[west, south], [east, south], [east, north], [west, north]], dtype=float),
        height_m,
    )


def block(*buildings):
    return Block("street-v1", buildings, BOUNDS, Ground("concrete"))


def street(width_m=20.0, height_m=15.0):
    half = 0.5 * width_m
    return block(
        box("south", -200, -half - 12, 200, -half, height_m),
        box("north", -200, half, 200, half + 12, height_m),
    )


WALL = block(box("wall", -300.0, 30.0, 300.0, 40.0, 60.0))
SOURCE, RECEIVER = np.array([0.0, 0.0, 1.5]), np.array([[60.0, 0.0, 5.0]])


def field_of(built, receivers=RECEIVER, absorption=FACADE.absorption, scattering=FACADE.scattering):
    facade = replace(FACADE, absorption=tuple(absorption), scattering=tuple(scattering))
    materials = {"brick_wall_rough": facade, "concrete": load_material("concrete")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(field_module, "load_material", materials.__getitem__)
        field = open_field(index_block(built), built, AIR, receivers)
    assert field is not None
    return field


def links_of(field, source=SOURCE):
    return links_from(field, source, omnidirectional)


def energy(links):
    return links["power"].sum(axis=0)
