"""White noise that anyone can count to, through one-pole low-passes side by side: the samples of all street noise."""

import numpy as np
from numba import njit

# As many low-passes as there are octaves and one for the high-pass.
POLES = 9
# Two of the widest vectors; each lane costs a warm-up of its own.
_LANES = 32
_STEPS = 4
_BLOCK = 16
# Four bytes: mean 510, variance 4 (256^2 - 1) / 12.
_MEAN = np.float32(510.0)
_PER_DEVIATION = np.float32(1.0 / np.sqrt(4.0 * (256.0**2 - 1.0) / 12.0))
# Odd, so that counters run through all numbers, and far from any regular pattern (2^32 over the golden ratio).
_STRIDE = np.uint32(0x9E3779B1)


@njit(cache=True, nogil=True)
def fill_shaped(out, poles, residues, direct, low_key, high_key, warm_up):
    """Filter counter-based white noise in lanes, each a stretch of the signal that starts early to warm up.

    Parameters
    ----------
    out : ndarray of float32, shape (n,)
        Overwritten.
    poles, residues : ndarray of float32, shape (POLES,)
        White noise of unit variance goes through the sum of residue / (1 - pole z^-1), and `direct` (float32) past it.
    low_key, high_key : uint32
        White sample i is a hash of (keys, i) alone, so a lane that starts early filters what the lane before it
        filters, and nothing shows where they meet.
    warm_up : int
        Samples until the slowest pole has forgotten how it started.

    Lanes side by side are what the processor does at once: the state of all poles stays in its registers for `_STEPS`
    samples, and a lane's samples leave by the `_BLOCK`, turned from one after another to one beside another.
    """
    stretch = (len(out) + _LANES - 1) // _LANES
    # The last lane may be shorter.
    shortest = len(out) - (_LANES - 1) * stretch
    a, r = _nine(poles), _nine(residues)
    counter = np.empty(_LANES, dtype=np.uint32)
    for lane in range(_LANES):
        counter[lane] = np.uint32(np.uint32(lane * stretch - warm_up) * _STRIDE + low_key)
    state = np.zeros((POLES, _LANES), dtype=np.float32)
    s0, s1, s2, s3, s4, s5, s6, s7, s8 = _nine(state)
    across = np.empty((_BLOCK, _LANES), dtype=np.float32)
    along = np.empty((_BLOCK // _STEPS, _LANES * _STEPS), dtype=np.float32)
    for begin in range(-warm_up, stretch, _BLOCK):
        for part in range(_BLOCK // _STEPS):
            rows, turned = across[_STEPS * part : _STEPS * (part + 1)], along[part]
            for lane in range(_LANES):
                x = counter[lane]
                s = s0[lane], s1[lane], s2[lane], s3[lane], s4[lane], s5[lane], s6[lane], s7[lane], s8[lane]
                for step in range(_STEPS):
                    white = _white(x, high_key)
                    s = _pass_poles(white, s, a)
                    rows[step, lane] = _sum_poles(white, s, r, direct)
                    x = np.uint32(x + _STRIDE)
                counter[lane] = x
                s0[lane], s1[lane], s2[lane], s3[lane], s4[lane], s5[lane], s6[lane], s7[lane], s8[lane] = s
            for lane in range(_LANES):
                for step in range(_STEPS):
                    turned[_STEPS * lane + step] = rows[step, lane]
        if 0 <= begin <= shortest - _BLOCK:
            _put_whole(out, begin, stretch, along)
        else:
            _put_some(out, begin, stretch, along)


@njit(cache=True, nogil=True)
def _nine(v):
    return v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]


@njit(cache=True, nogil=True)
def _white(x, high_key):
    """Return white noise of unit variance: the sum of the four bytes of a hash of a counter and a key."""
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    x = np.uint32(x ^ high_key)
    x = np.uint32((x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    x = np.uint32(x ^ (x >> np.uint32(16)))
    pairs = np.uint32((x & np.uint32(0x00FF00FF)) + ((x >> np.uint32(8)) & np.uint32(0x00FF00FF)))
    summed = np.int32((pairs & np.uint32(0xFFFF)) + (pairs >> np.uint32(16)))
    return (np.float32(summed) - _MEAN) * _PER_DEVIATION


@njit(cache=True, nogil=True)
def _pass_poles(white, s, a):
    """Return the states of the poles after one more sample."""
    return (
        a[0] * s[0] + white,
        a[1] * s[1] + white,
        a[2] * s[2] + white,
        a[3] * s[3] + white,
        a[4] * s[4] + white,
        a[5] * s[5] + white,
        a[6] * s[6] + white,
        a[7] * s[7] + white,
        a[8] * s[8] + white,
    )


@njit(cache=True, nogil=True)
def _sum_poles(white, s, r, direct):
    total = direct * white
    total += r[0] * s[0] + r[1] * s[1]
    total += r[2] * s[2] + r[3] * s[3]
    total += r[4] * s[4] + r[5] * s[5]
    total += r[6] * s[6] + r[7] * s[7]
    return total + r[8] * s[8]


@njit(cache=True, nogil=True)
def _put_whole(out, begin, stretch, along):
    """Write each lane's block of samples."""
    p0, p1, p2, p3 = along[0], along[1], along[2], along[3]
    for lane in range(_LANES):
        # Numbers without sign, since no index counts from the end; all are read before any is written.
        k, at = np.uintp(_STEPS * lane), np.uintp(lane * stretch + begin)
        v0, v1, v2, v3 = _four(p0, k), _four(p1, k), _four(p2, k), _four(p3, k)
        _put_four(out, at, v0)
        _put_four(out, at + np.uintp(4), v1)
        _put_four(out, at + np.uintp(8), v2)
        _put_four(out, at + np.uintp(12), v3)


@njit(cache=True, nogil=True)
def _four(row, k):
    return row[k], row[k + np.uintp(1)], row[k + np.uintp(2)], row[k + np.uintp(3)]


@njit(cache=True, nogil=True)
def _put_four(out, k, values):
    out[k], out[k + np.uintp(1)], out[k + np.uintp(2)], out[k + np.uintp(3)] = values


@njit(cache=True, nogil=True)
def _put_some(out, begin, stretch, along):
    """Write of each lane's block what lies within its stretch and within the signal."""
    for lane in range(_LANES):
        first = lane * stretch + begin
        for i in range(max(0, -begin), min(_BLOCK, stretch - begin, len(out) - first)):
            out[first + i] = along[i // _STEPS, _STEPS * lane + i % _STEPS]
