"""Association: which pulses are the direct sound of which incident's rounds, and which are nobody's."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from detector.again import add_rounds, repeat_all
from detector.bearing_term import fixes_place
from detector.clutter import ClutterOptions, estimate_clutter
from detector.contest import WEAK, climb_free, list_pulses, pulses_of, put_back, share_out, without
from detector.ears import Ears, Noise, lay_out, site_centre
from detector.echo import is_echo, of_a_wall
from detector.incident import Incident, Rival
from detector.neighbours import look_around
from detector.noise import NoiseOptions, estimate_noise, prior_noise
from detector.pulse import Pulses, check_pulses, first_of_each
from detector.repeat import keep_repeated
from detector.residuals import gather
from detector.rivals import SAME_M, Found, choose, is_same_sound, keep_apart
from detector.search import Hypothesis, SearchOptions, search
from detector.site import Site
from detector.stretches import cut_into_stretches, find_loud_stations, listened_s

TRIED = 3  # places that are tried before a search gives up
REPEATED = 5  # so many of the best places are asked whether their rounds repeat
NEVER_HZ = 1e12  # clutter that makes a pulse nobody's direct sound


@dataclass(frozen=True)
class AssociationOptions:
    """How pulses are associated.

    Attributes
    ----------
    noise, clutter, search
        Priors of the noise and of the clutter; extent and depth of the search.
    stations_least : int
        An incident's best round is heard by at least so many stations, those with a bearing counted twice, and by no
        fewer than two: three times, or two and a bearing, fix a place.
    log_odds_least : float
        Least log posterior odds of an incident against chance, nats.
    another_nats : float
        So much more is asked of further incidents of a stretch (A): one made it worth a look, another is a coincidence.
    incidents_most : int
        Most incidents in one stretch.
    stretch_s, overlap_s : float
        Long recordings are searched stretch by stretch, s; the overlap lets a stretch's last sounds arrive.
    duplicate_s : float
        A station's pulses closer than this are one, s.
    pulses_most_hz : float
        A station that reports more than this over a whole stretch tells nothing and is left out of it, 1/s.
    """

    noise: NoiseOptions = field(default_factory=NoiseOptions)
    clutter: ClutterOptions = field(default_factory=ClutterOptions)
    search: SearchOptions = field(default_factory=SearchOptions)
    stations_least: int = 3
    log_odds_least: float = 0.0
    another_nats: float = 4.0
    incidents_most: int = 12
    stretch_s: float = 20.0
    overlap_s: float = 6.0
    duplicate_s: float = 1.5e-3
    pulses_most_hz: float = 20.0


def associate(site: Site, pulses: Pulses, options: AssociationOptions) -> tuple[Incident, ...]:
    """Find the incidents that pulses speak of.

    Parameters
    ----------
    site : Site
    pulses : Pulses, n of them
    options : AssociationOptions

    Returns
    -------
    tuple of Incident
        In order of their first rounds; no pulse belongs to two rounds.

    Raises
    ------
    BadInput
        As `check_pulses`.
    """
    check_pulses(site, pulses)
    if not fixes_place(pulses.station, np.isfinite(pulses.azimuth_rad), options.stations_least):
        return ()
    free = first_of_each(pulses, options.duplicate_s)
    found: list[Incident] = []
    for stretch in cut_into_stretches(pulses.time_s[free], options.stretch_s, options.overlap_s):
        inside = free & (pulses.time_s >= stretch.start_s) & (pulses.time_s < stretch.stop_s)
        for incident in _search_stretch(site, pulses, inside, options):
            if incident.round_times_s[0] < stretch.settled_s:
                found.append(incident)
                free[incident.pulse] = False
    return tuple(sorted(found, key=lambda a: float(a.round_times_s[0])))


def _search_stretch(site: Site, pulses: Pulses, inside, options: AssociationOptions) -> list[Incident]:
    if not inside.any():
        return []
    duration = listened_s(site, float(pulses.time_s[inside].min()), float(pulses.time_s[inside].max()))
    loud = find_loud_stations(pulses.station[inside], len(site.stations), duration, options.pulses_most_hz)
    inside = inside & ~loud[pulses.station]
    noise = prior_noise(site.air, options.noise)
    ears = lay_out(site, pulses, noise.sound_speed_mps, inside)._replace(works=(~loud).astype(float))
    if len(ears.time) == 0:
        return []
    direct = np.zeros(len(ears.time))
    echo = np.zeros(len(ears.time), bool)
    found: list[Found] = []
    freed = False
    # The strongest teaches the noise; all are looked for; those whose pulses others had taken; all are settled.
    for turn, new in enumerate((1, options.incidents_most, options.incidents_most, 0)):
        if turn == 2 and not freed:
            continue
        clutter = estimate_clutter(
            ears.first, ears.time, ears.level, ears.snr, ears.clipped, direct, duration, options.clutter
        )
        # A bullet's shock comes from elsewhere than the muzzle: nobody's direct sound, as clutter is.
        clutter = np.where(echo, NEVER_HZ, clutter)
        ears = ears._replace(clutter=clutter / (1.0 - pulses.p_shock[ears.pulse]))
        found = _explain(ears, noise, found, new, options)
        if not new:
            found = look_around(found, ears, noise, options.search, partial(_acceptable, ears, options))
            found = repeat_all(found, ears, options.search)
        found, theirs, freed = keep_repeated(found, ears, noise.sound_speed_mps)
        echo |= theirs
        if not found:
            break
        seen, direct = gather([f.best for f in found], ears, noise)
        noise = estimate_noise(noise, seen, options.noise)
    centre = site_centre(site)
    return [
        build_incident(f, ears, noise, centre, options) for f in found if _fixes(f.best.direct, ears, options)
    ]


def _explain(
    ears: Ears, noise: Noise, known: list[Found], new: int, options: AssociationOptions
) -> list[Found]:
    """Settle what is known, the strongest first; then look for up to `new` other incidents."""
    found: list[Found] = []
    for f in sorted(known, key=lambda f: -f.best.log_evidence):
        taken = pulses_of([g.best for g in found], ears)
        others = pulses_of([k.best for k in known if k is not f], ears)
        starts = [h.place for h in (f.best, *f.others)]
        # Near places explain each other's pulses as late: where each keeps its own, the stronger takes no whole round
        # of a weaker one for the little that it is worth to it. Only one that would be left with nothing takes.
        for heard_else in (taken | others, taken):
            ranked = climb_free(starts, heard_else, ears, noise, options.search)
            ranked = [add_rounds(h, heard_else, ears, options.search) for h in ranked]
            ranked = [
                h for h in ranked if _acceptable(ears, options, h, len(found)) and is_same_sound(h, f.best)
            ]
            if ranked:
                found.append(choose(ranked[0], ranked))
                break
    found = _shared(found, ears, noise, options)
    for _ in range(new):
        more = _one_more(found, ears, noise, options, WEAK) or _one_more(found, ears, noise, options, 0.0)
        if not more:
            break
        found = more
    return found


def _one_more(
    found: list[Found], ears: Ears, noise: Noise, options: AssociationOptions, weakest: float
) -> list[Found]:
    """Look for one more incident; rounds weaker than a share of their incident's best may be taken apart for it.

    Returns
    -------
    list of Found
        All incidents, if that explains the pulses better than without; else none.
    """
    known = [f.best for f in found]
    taken = pulses_of(known, ears, weakest)
    if weakest > 0.0 and np.array_equal(taken, pulses_of(known, ears)):
        return []
    left, back = without(ears, taken)
    ranked = [put_back(h, back) for h in search(left, noise, options.search)]
    # Where reverberation hides rounds from most stations, none alone may be enough.
    ranked[:REPEATED] = sorted(
        (add_rounds(h, taken, ears, options.search) for h in ranked[:REPEATED]), key=lambda h: -h.log_evidence
    )
    ranked = [h for h in ranked if _acceptable(ears, options, h, len(known))]
    ranked = [h for h in ranked if not any(is_echo(h, k, ears, noise) for k in known)]
    before = sum(h.log_evidence for h in known)
    for h in keep_apart(ranked, known if weakest > 0.0 else [], TRIED, SAME_M):
        more = _shared([*found, choose(h, ranked)], ears, noise, options)
        after = sum(f.best.log_evidence for f in more)
        if len(more) > len(found) and after > before + min(options.log_odds_least, 0.0):
            return more
    return []


def _shared(found: list[Found], ears: Ears, noise: Noise, options: AssociationOptions) -> list[Found]:
    """Share contested pulses out; incidents that are left with too little fall away, others may get more rounds."""
    if len(found) < 2:
        return repeat_all(found, ears, options.search)
    shared = share_out([f.best for f in found], ears, noise, options.search)
    kept = [f._replace(best=h) for h, f in zip(shared, found, strict=True)]
    first = max(kept, key=lambda f: f.best.log_evidence)
    kept = [f for f in kept if _acceptable(ears, options, f.best, int(f is not first))]
    # What looked like another place while pulses were contested may be an echo once they are settled.
    stronger = sorted(kept, key=lambda f: -f.best.log_evidence)
    echoes = [
        f for n, f in enumerate(stronger) if any(is_echo(f.best, k.best, ears, noise) for k in stronger[:n])
    ]
    return repeat_all([f for f in kept if not any(f is e for e in echoes)], ears, options.search)


def _acceptable(ears: Ears, options: AssociationOptions, h: Hypothesis, known: int) -> bool:
    least = options.log_odds_least + (options.another_nats if known else 0.0)
    if h.log_evidence < least or len(h.times) == 0:
        return False
    return _fixes(h.direct, ears, options)


def _fixes(direct: npt.NDArray[np.int64], ears: Ears, options: AssociationOptions) -> bool:
    """Tell whether any of some rounds (k, N) is heard by enough stations for a place."""
    heard = [row[row >= 0] for row in direct]
    pointed = np.isfinite(ears.azimuth)
    return any(fixes_place(ears.station[j], pointed[j], options.stations_least) for j in heard)


def build_incident(
    found: Found, ears: Ears, noise: Noise, centre: npt.NDArray[np.float64], options: AssociationOptions
) -> Incident:
    """Return what was found as an incident; `centre` (3,) is what places are relative to, m."""
    h = found.best
    kept = ~of_a_wall(h.times)
    if not _fixes(h.direct[kept], ears, options):
        kept[:] = True  # what looks like the wall's echo is what was heard
    pulse, number = list_pulses(h.direct[kept], ears)
    rivals = tuple(
        Rival(
            (float(r.place[0] + centre[0]), float(r.place[1] + centre[1])),
            r.log_evidence - h.log_evidence,
            r.times,
            *list_pulses(r.direct, ears),
        )
        for r in found.others
    )
    return Incident(
        h.place[:2] + centre[:2],
        h.times[kept],
        pulse,
        number,
        float(h.scores[kept].sum()),
        noise,
        rivals,
    )
