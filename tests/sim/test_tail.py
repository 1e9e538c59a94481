"""What facades scatter: its energy is that of the geometry, and it sounds like that."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.air import Air
from scenes.ambient import Ambient
from scenes.block import Block, Building, Ground
from scenes.event import Event
from scenes.material import load_material
from scenes.scene import Scene
from scenes.sensor import Clock, Microphone, Sensor
from scenes.terrain import Terrain
from sim.air_filter import NEPER_PER_DB
from sim.arrivals import open_street, trace_event
from sim.band_filter import design_shelves
from sim.propagation.air_absorption import attenuation_db_per_m
from sim.propagation.city import index_block
from sim.propagation.paths import BANDS_HZ
from sim.propagation.trace import PathOptions
from sim.pulse_table import design_filters, pulse_table
from sim.render import render_tail
from sim.simulate import simulate
from sim.sources.blast_wave import blast_wave
from sim.sources.emission import omnidirectional
from sim.tail import field as field_module
from sim.tail import tail as tail_module
from sim.tail.field import links_from, open_field
from sim.tail.tail import BUNDLE, draw_tail

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


def laid_on(built, rise, half=500.0):
    """Lay a flat block on ground that rises to the north by `rise` m a m and is 30 m high at y = 0."""
    heights = np.clip(30.0 + rise * np.array([-half, half]), 0.0, None)[:, None] * np.ones((1, 2))
    terrain = Terrain(-half, -half, (2.0 * half, 2.0 * half), heights)
    houses = tuple(replace(b, base_m=float(terrain.height_at(b.outline).min())) for b in built.buildings)
    return replace(built, buildings=houses, ground=replace(built.ground, terrain=terrain))


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


@pytest.fixture
def many_walks(monkeypatch):
    monkeypatch.setattr(field_module, "WALKS", 4096)
    monkeypatch.setattr(field_module, "LATTICE", (17711, 10946))
    monkeypatch.setattr(field_module, "LINKS", 16384)


def late_s(links):
    """Return the mean delay of the energy at 500 Hz behind the first of it, s."""
    power = links["power"][:, 3]
    return (power @ links["length"] / power.sum() - links["length"].min()) / C


def test_an_open_field_has_no_tail():
    field = block()
    assert open_field(index_block(field), field, AIR, RECEIVER) is None


def test_one_facade_scatters_what_the_integral_over_it_says(many_walks):
    """Lambert's law: share x cos(in) cos(out) / (pi r_in^2 r_out^2), from source and image under the ground."""
    found = energy(links_of(field_of(WALL))[0])
    x, z = np.meshgrid(np.arange(-299.5, 300.0), np.arange(0.5, 60.0), indexing="ij")
    share = np.array(FACADE.scattering) * (1.0 - np.array(FACADE.absorption))
    ground = 1.0 - np.array(load_material("concrete").absorption)
    expected = np.zeros(8)
    for source_up, source_share in ((1.0, np.ones(8)), (-1.0, ground)):
        for receiver_up, receiver_share in ((1.0, np.ones(8)), (-1.0, ground)):
            near = x**2 + 30.0**2 + (z - source_up * 1.5) ** 2
            far = (x - 60.0) ** 2 + 30.0**2 + (z - receiver_up * 5.0) ** 2
            expected += (
                share * source_share * receiver_share * (30.0**2 / (np.pi * near**1.5 * far**1.5)).sum()
            )
    assert 10.0 * np.log10(found / expected) == pytest.approx(0.0, abs=0.5)


def town():
    """Six rows of houses, streets of 16 m between."""
    return block(*(box(f"row {k}", -200, 28 * k - 78, 200, 28 * k - 66, 9) for k in range(6)))


def test_on_a_terrace_the_streets_ring_as_at_the_datum():
    built, up = street(), np.array([0.0, 0.0, 30.0])
    flat, high = (
        links_of(field_of(b, RECEIVER + lift), SOURCE + lift)[0]
        for b, lift in ((built, 0.0 * up), (laid_on(built, 0.0), up))
    )
    assert energy(high) == pytest.approx(energy(flat), rel=1e-6)
    assert high["length"] == pytest.approx(flat["length"])


def test_a_hillside_town_rings_as_the_flat_town_does(many_walks):
    """Rows on a slope of 1 in 20, each 1.4 m above the one below: no street is deeper for lying higher."""
    built = town()
    tilted = laid_on(built, 0.05)
    places = np.array([[0.0, 0.0, 1.5], [60.0, 0.0, 5.0]])
    stood = places + np.array([0.0, 0.0, 1.0]) * tilted.ground.height_at(places)[:, None]
    flat = energy(links_of(field_of(built, places[1:]), places[0])[0])
    hilly = energy(links_of(field_of(tilted, stood[1:]), stood[0])[0])
    assert 10.0 * np.log10(hilly / flat) == pytest.approx(0.0, abs=0.3)


def test_twice_the_scattering_gives_twice_the_energy_from_one_facade_and_more_in_a_street():
    share = np.array(FACADE.scattering)
    none, once, twice = (field_of(WALL, scattering=times * share) for times in (0.0, 1.0, 2.0))
    assert energy(links_of(twice)[0]) / energy(links_of(once)[0]) == pytest.approx(2.0)
    assert not len(links_of(none)[0])
    lane, rougher = (field_of(street(), scattering=times * share) for times in (1.0, 2.0))
    assert (energy(links_of(rougher)[0]) > 1.05 * energy(links_of(lane)[0])).all()


def test_facades_that_absorb_more_leave_less_and_let_it_die_sooner(many_walks):
    hard, soft = (links_of(field_of(street(), absorption=[share] * 8))[0] for share in (0.03, 0.4))
    assert (energy(soft) < 0.62 * energy(hard)).all()
    assert late_s(soft) < 0.95 * late_s(hard)


def test_higher_houses_hold_sound_longer(many_walks):
    low, high = (links_of(field_of(street(height_m=h)))[0] for h in (6.0, 40.0))
    assert (energy(high) > 1.5 * energy(low)).all()
    assert late_s(high) > 1.1 * late_s(low)


def test_a_yard_gets_back_all_that_falls_on_its_walls_less_absorption():
    yard = Building(
        "yard",
        np.array([[-40.0, -40], [40, -40], [40, 40], [-40, 40]]),
        5000.0,
        courtyards=(np.array([[-20.0, -20], [-20, 20], [20, 20], [20, -20]]),),
    )
    field = field_of(block(yard), np.array([[1.0, 2.0, 3.0]]))
    patches = field.seen[0]
    first = patches["power"][patches["met"] == 1].sum(axis=0) / (4.0 * np.pi)
    ground = np.array(load_material("concrete").absorption)
    assert first == pytest.approx((1.0 - np.array(FACADE.absorption)) * (1.0 - 0.5 * ground), abs=0.02)


def test_source_and_receiver_may_be_swapped(many_walks):
    built = block(
        box("a", -200, 10, 200, 22, 12), box("b", -200, -22, 200, -10, 9), box("c", -200, 40, 200, 52, 15)
    )
    here, there = np.array([-15.0, 0.0, 1.5]), np.array([20.0, 30.0, 6.0])
    one = energy(links_of(field_of(built, there[None]), here)[0])
    other = energy(links_of(field_of(built, here[None]), there)[0])
    assert 10.0 * np.log10(one / other) == pytest.approx(0.0, abs=1.2)  # what so many walks leave to chance


def test_behind_a_row_of_houses_the_street_still_rings():
    """The houses hide the source, but the facades across both streets look over the roof at each other."""
    built = block(
        box("a", -200, -22, 200, -10, 9), box("row", -200, 10, 200, 22, 9), box("c", -200, 42, 200, 54, 9)
    )
    alone = block(box("row", -200, 10, 200, 22, 9))
    places = np.array([[30.0, 32.0, 3.0]])
    (heard,) = links_of(field_of(built, places))
    (nothing,) = links_of(field_of(alone, places))
    assert len(heard) > 20
    assert energy(heard)[3] > 10.0 * (energy(nothing)[3] if len(nothing) else 0.0)


def test_nothing_is_scattered_sooner_than_straight_sound_would_come():
    for built in (WALL, street()):
        links = links_of(field_of(built))[0]
        assert (links["length"] > np.linalg.norm(RECEIVER[0] - SOURCE)).all()
        tail = draw_tail(links, 2.0, C, np.random.default_rng(0))
        assert tail.time_s.min() >= 2.0 + links["length"].min() / C
        assert np.linalg.norm(tail.direction, axis=-1) == pytest.approx(1.0)


def test_a_source_that_turns_its_back_on_the_wall_lights_it_less():
    field = field_of(WALL)
    away = links_from(field, SOURCE, lambda d: np.where(d[:, 1] > 0.0, 0.1, 1.0))[0]
    assert energy(away) == pytest.approx(0.01 * energy(links_of(field)[0]))


def test_pulses_have_the_energy_of_their_links_on_average_and_differ_from_draw_to_draw():
    links = links_of(field_of(street()))[0]
    tails = [draw_tail(links, 0.0, C, np.random.default_rng(i)) for i in range(200)]
    assert tails[0].time_s.shape == (len(tails[0].gain), BUNDLE)
    assert not np.array_equal(tails[0].amplitude, tails[1].amplitude)
    heard = np.mean([(tail.copy_amplitude**2).sum(axis=1) @ tail.gain**2 for tail in tails], axis=0)
    assert heard == pytest.approx(energy(links), rel=0.03)
    for tail in tails:
        assert (tail.amplitude**2).sum(axis=1) == pytest.approx(1.0)
    drawn = np.mean([(tail.gain**2).sum(axis=0) for tail in tails], axis=0)
    assert drawn == pytest.approx(energy(links), rel=0.005)


def test_grains_arrive_about_when_their_links_do_and_the_same_stream_gives_the_same_grains():
    links = links_of(field_of(street()))[0]
    power = links["power"].sum(axis=1)
    due_s = power @ links["length"] / power.sum() / C
    tails = [draw_tail(links, 0.0, C, np.random.default_rng(i)) for i in range(60)]
    means = []
    for tail in tails:
        share = tail.amplitude**2 * (tail.gain**2).sum(axis=1, keepdims=True)
        means.append((share * tail.time_s).sum() / share.sum())
    late_s = due_s - links["length"].min() / C
    assert 0.0 < np.mean(means) - due_s < 4e-3
    assert late_s > 0.03
    again = draw_tail(links, 0.0, C, np.random.default_rng(7))
    for name in ("time_s", "amplitude", "gain", "length_m", "direction", "copy_s", "copy_amplitude"):
        assert np.array_equal(getattr(again, name), getattr(tails[7], name))


def lumpiness(links, draws=24):
    """Return the mean square over the squared mean of the energy in 5 ms about its mean within 0.1 s: 1 if smooth."""
    found = []
    for number in range(draws):
        tail = draw_tail(links, -links["length"].min() / C, C, np.random.default_rng(number))
        share = (tail.gain**2).sum(axis=1)[:, None, None] * tail.amplitude[:, :, None] ** 2
        times = tail.time_s[:, :, None] + tail.copy_s[:, None, :]
        energies = share * tail.copy_amplitude[:, None, :] ** 2
        course = np.histogram(times.ravel(), np.linspace(0.02, 0.22, 41), weights=energies.ravel())[0]
        parts = course.reshape(-1, 10)
        found.append(((parts**2).mean(axis=1) / np.maximum(parts.mean(axis=1), 1e-30) ** 2).mean())
    return float(np.mean(found))


def test_the_tail_is_the_smoother_the_more_links_it_is_drawn_from(monkeypatch):
    """What is left of lumps with many links is the street's own course and the chance of single shots."""
    found = []
    for count in (6, 24, 96):
        monkeypatch.setattr(field_module, "LINKS", count)
        found.append(lumpiness(links_of(field_of(street()))[0]))
    assert found[0] > 1.1 * found[1]
    assert found[1] > found[2]
    monkeypatch.setattr(tail_module, "GRAINS_MAX", BUNDLE)
    assert lumpiness(links_of(field_of(street()))[0]) > 1.1 * found[2]


def test_a_link_however_strong_is_no_single_pulse():
    links = links_of(field_of(street()))[0][:6].copy()
    links["power"][0] *= 1e3
    tail = draw_tail(links, 0.0, C, np.random.default_rng(2))
    each = (tail.gain**2).sum(axis=1, keepdims=True) * tail.amplitude**2
    assert each.sum() == pytest.approx(energy(links).sum(), rel=0.02)
    assert each.max() < 0.02 * each.sum()
    assert tail.time_s.size > 160


def test_the_parts_of_a_long_emission_share_the_tail_without_making_it_louder():
    tail = draw_tail(links_of(field_of(street()))[0], 0.0, C, np.random.default_rng(0))
    assert tail.share(0, 1).gain == pytest.approx(tail.gain)
    shares = [tail.share(part, 30) for part in range(8)]
    assert sum(len(share.gain) for share in shares) == len(tail.gain)
    mean = np.mean([(share.gain**2).sum(axis=0) for share in shares], axis=0)
    assert mean == pytest.approx((tail.gain**2).sum(axis=0))


def test_rendered_pulses_have_the_energy_that_gains_and_air_say():
    rate, waveform = 48_000, blast_wave(100.0, 0.4e-3)
    filters, shelves = design_filters(AIR, rate), design_shelves(rate)
    gain, length = np.array([np.linspace(1.0, 0.4, 8)]), np.array([300.0])
    table = pulse_table(waveform, length, filters)
    pressure = np.zeros(8000, dtype=np.float32)
    render_tail(
        pressure,
        np.array([[1000.4, 3000.0, 5000.0, 7e6]]),
        np.array([[1.0, -2.0, 0.5, 1.0]]),
        gain,
        length,
        (np.zeros((1, 1)), np.ones((1, 1))),
        table,
        shelves,
    )
    peaks = [np.abs(pressure[begin : begin + 1000]).max() for begin in (950, 2950, 4950)]
    assert np.array(peaks) / peaks[0] == pytest.approx([1.0, 2.0, 0.5], rel=1e-3)
    assert np.argmax(np.abs(pressure) > 0.5 * peaks[0]) == pytest.approx(1000, abs=4)
    spectrum = np.abs(np.fft.rfft(pressure[950:1950], 16_384)) / rate
    frequency = np.fft.rfftfreq(16_384, 1.0 / rate)
    source = np.abs(np.fft.rfft(waveform, 65_536))[: len(frequency)] / 192_000
    for band in (2, 3, 4, 5):
        chosen = (frequency > BANDS_HZ[band] / 2**0.5) & (frequency < BANDS_HZ[band] * 2**0.5)
        air = np.exp(-300.0 * NEPER_PER_DB * attenuation_db_per_m(frequency[chosen], 15.0, 60.0))
        expected = (np.square(source[chosen] * air)).sum() * gain[0, band] ** 2
        assert 10.0 * np.log10(np.square(spectrum[chosen]).sum() / expected) == pytest.approx(0.0, abs=0.7)


def test_a_grain_is_the_sum_of_its_copies_wherever_it_begins():
    rate = 48_000
    filters, shelves = design_filters(AIR, rate), design_shelves(rate)
    gain, length = np.array([np.linspace(1.0, 0.4, 8)] * 2), np.array([100.0, 300.0])
    table = pulse_table(blast_wave(100.0, 0.4e-3), length, filters)
    place, amplitude = np.array([[700.0, -100.0], [900.0, 2900.0]]), np.array([[1.0, 0.3], [-0.5, 2.0]])
    late, part = np.array([[0.0, 250.0], [900.0, 40.0]]), np.array([[0.8, -0.2], [0.1, 0.6]])
    grains, singly = np.zeros((2, 3000), dtype=np.float32)
    render_tail(grains, place, amplitude, gain, length, (late, part), table, shelves)
    for copy in range(2):
        render_tail(
            singly,
            place + late[:, copy, None],
            amplitude * part[:, copy, None],
            gain,
            length,
            (np.zeros((2, 1)), np.ones((2, 1))),
            table,
            shelves,
        )
    assert np.abs(grains).max() > 0.1
    assert grains == pytest.approx(singly, abs=1e-5 * float(np.abs(singly).max()))


def scene(*sensors, built=None, events=3):
    bangs = tuple(Event(f"b{i}", "act", "m80", 0.2 + 2.0 * i, (0.0, 0.0, 1.5)) for i in range(events))
    quiet = Ambient(octave_db_rms=(-20.0,) * 8, spread_db=0.0)
    return Scene(built or street(), sensors, bangs, 2.0 * events + 1.0, 4, AIR, quiet)


def sensor(name, x, y):
    return Sensor(name, (x, y, 6.0), Clock(), Microphone(full_scale_pa=2000.0, high_pass_hz=5.0))


def duration_s(capture, begin_s):
    """Return how long the energy in 10 ms stays within 20 dB of its peak, from the peak on, s."""
    begin = round(begin_s * capture.rate_hz)
    pressure = capture.samples[0][begin : begin + 2 * capture.rate_hz].astype(float)
    power = np.square(pressure[: len(pressure) // 480 * 480]).reshape(-1, 480).sum(axis=1)
    loud = np.flatnonzero(power > 0.01 * power.max())
    return 0.01 * (loud[-1] - power.argmax() + 1)


def test_a_street_rings_on_and_an_open_field_does_not():
    lane, alone = (
        simulate(scene(sensor("s", 120.0, 3.0), events=1), PathOptions(tail=tail)).captures[0]
        for tail in (True, False)
    )
    assert duration_s(lane, 0.2) > duration_s(alone, 0.2) + 0.05
    assert np.square(lane.samples.astype(float)).sum() > np.square(alone.samples.astype(float)).sum()
    open_field_scene = scene(sensor("s", 120.0, 3.0), built=block(), events=1)
    with_tail, without = (simulate(open_field_scene, PathOptions(tail=tail)) for tail in (True, False))
    assert with_tail.captures[0].samples.tobytes() == without.captures[0].samples.tobytes()


def test_wind_brings_the_tail_sooner_by_what_it_gains_on_the_straight_line():
    """Over legs L u of a way, L / (c + w u) adds up to its length / c - w D / c2 to first order, D from end to end."""
    wind, receivers = np.array([6.0, -2.0]), np.array([[120.0, 3.0, 6.0], [-40.0, -4.0, 6.0]])
    tails = []
    for air in (AIR, Air(wind_mps=(6.0, -2.0))):
        heard = replace(scene(sensor("s", 120.0, 3.0), events=1), air=air)
        opened = open_street(
            index_block(heard.block), heard, receivers, {48_000: design_filters(air, 48_000)}, PathOptions()
        )
        tails.append([a[0].tail for a in trace_event(heard.events[0], 4, receivers, opened)])
    for still, windy, place in zip(*tails, receivers, strict=True):
        gained_s = (place - SOURCE)[:2] @ wind / C**2
        assert still.time_s - windy.time_s == pytest.approx(gained_s, abs=1e-9)


def test_every_shot_rings_otherwise_and_workers_and_other_sensors_change_no_byte():
    one, two = sensor("one", 90.0, 3.0), sensor("two", -40.0, -4.0)
    alone = simulate(scene(one)).captures[0]
    both = simulate(scene(two, one), workers=2).captures[1]
    assert alone.samples.tobytes() == both.samples.tobytes()
    shots = [alone.samples[0][96_000 * i + 20_000 : 96_000 * i + 60_000].astype(float) for i in range(3)]
    late = np.corrcoef([shot[14_000:24_000] for shot in shots])
    assert abs(late[0, 1]) < 0.5
    assert abs(late[0, 2]) < 0.5
