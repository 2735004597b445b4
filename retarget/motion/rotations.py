"""Rotations in numpy: unit quaternions in wxyz order, matrices that act on column vectors, batched over leading axes.

`multiply(a, b)` turns by b first and then by a, as a product of matrices does:

>>> quarter = from_axis_angle((0.0, 1.0, 0.0), np.pi / 2)  # about Y
>>> half = multiply(quarter, quarter)
>>> rotate(half, np.array([0.0, 0.0, 1.0])).round(6) + 0.0
array([ 0.,  0., -1.])
"""

import numpy as np
from numpy.typing import ArrayLike

from ..typing import Floats

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def normalize(v: Floats, eps: float = 1e-12) -> Floats:
    """Vectors (..., n) scaled to unit length; zero stays zero."""
    unit: Floats = v / np.maximum(np.sqrt(_squared_length(v)), eps)
    return unit


def length(v: Floats) -> Floats:
    """Euclidean norms (...) of vectors (..., n), to the bit those of `np.linalg.norm`, which takes longer."""
    norm: Floats = np.sqrt(_squared_length(v)[..., 0])
    return norm


def _squared_length(v: Floats) -> Floats:
    """(..., 1) of vectors (..., n)."""
    squares = v * v
    total = squares[..., :1].copy()
    for axis in range(1, v.shape[-1]):
        total += squares[..., axis : axis + 1]
    return np.asarray(total)


def perpendicular(v: Floats, axis: Floats) -> Floats:
    """The part of vectors (..., 3) that is perpendicular to a unit axis (..., 3)."""
    return v - axis * dot(v, axis)[..., None]


def dot(a: Floats, b: Floats) -> Floats:
    """Dot products (...) of vectors (..., n)."""
    return np.asarray(np.einsum("...i,...i->...", a, b))


def multiply(a: Floats, b: Floats) -> Floats:
    """Hamilton product of quaternions (..., 4)."""
    aw, ax, ay, az = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bw, bx, by, bz = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    first = aw * bw
    out = np.empty((*first.shape, 4), first.dtype)  # `np.stack` takes a third of the time of all products
    out[..., 0] = first - ax * bx - ay * by - az * bz
    out[..., 1] = aw * bx + ax * bw + ay * bz - az * by
    out[..., 2] = aw * by - ax * bz + ay * bw + az * bx
    out[..., 3] = aw * bz + ax * by - ay * bx + az * bw
    return out


def conjugate(q: Floats) -> Floats:
    """The inverse of unit quaternions (..., 4)."""
    return q * np.array([1.0, -1.0, -1.0, -1.0], dtype=q.dtype)


def rotate(q: Floats, v: Floats) -> Floats:
    """Vectors (..., 3) turned by quaternions (..., 4)."""
    u = q[..., 1:]
    t = 2.0 * cross(u, v)
    return v + q[..., :1] * t + cross(u, t)


def cross(a: Floats, b: Floats) -> Floats:
    """Cross product (..., 3); `np.cross` spends most of its time checking shapes."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    first = ay * bz - az * by
    out = np.empty((*first.shape, 3), first.dtype)
    out[..., 0], out[..., 1], out[..., 2] = first, az * bx - ax * bz, ax * by - ay * bx
    return out


def from_axis_angle(axis: ArrayLike, angle: ArrayLike) -> Floats:
    """Quaternions (..., 4) that turn by `angle` (...) radians about unit `axis` (..., 3)."""
    half = 0.5 * np.asarray(angle, dtype=np.float64)[..., None]
    xyz = np.sin(half) * np.asarray(axis, dtype=np.float64)
    return np.concatenate([np.broadcast_to(np.cos(half), (*xyz.shape[:-1], 1)), xyz], axis=-1)


def to_rotation_vector(q: Floats) -> Floats:
    """Rotation vectors (..., 3), radians times unit axis, of the shorter of the two turns that a quaternion stands for.

    >>> to_rotation_vector(from_axis_angle((1.0, 0.0, 0.0), np.radians(350))).round(4) + 0.0
    array([-0.1745,  0.    ,  0.    ])
    """
    q = np.where(q[..., :1] < 0, -q, q)
    sine = length(q[..., 1:])[..., None]
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    vector: Floats = q[..., 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0)
    return vector


def from_rotation_vector(v: Floats) -> Floats:
    """The inverse of `to_rotation_vector`."""
    angle = length(v)[..., None]
    scale = np.where(angle > 1e-9, np.sin(0.5 * angle) / np.maximum(angle, 1e-9), 0.5)
    return np.concatenate([np.cos(0.5 * angle), v * scale], axis=-1)


def angle_between(a: Floats, b: Floats) -> Floats:
    """Radians (...) between quaternions a and b (..., 4)."""
    return length(to_rotation_vector(multiply(conjugate(a), b)))


def between(a: Floats, b: Floats) -> Floats:
    """The shortest turn (..., 4) from direction a (..., 3) to direction b (..., 3).

    >>> up, ahead = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 2.0])
    >>> to_rotation_vector(between(up, ahead)).round(4) + 0.0
    array([1.5708, 0.    , 0.    ])
    """
    a, b = np.broadcast_arrays(normalize(a), normalize(b))
    w = 1.0 + dot(a, b)[..., None]
    xyz = cross(a, b)
    # For opposite directions any axis perpendicular to a will do.
    side = np.where(np.abs(a[..., :1]) < 0.9, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    opposite = np.concatenate([np.zeros_like(w), cross(a, side)], axis=-1)
    return normalize(np.where(w < 1e-7, opposite, np.concatenate([w, xyz], axis=-1)))


def to_matrix(q: Floats) -> Floats:
    """Rotation matrices (..., 3, 3)."""
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    x2, y2, z2 = x + x, y + y, z + z
    xx, yy, zz = x * x2, y * y2, z * z2
    xy, xz, yz = x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    out = np.empty((*w.shape, 3, 3), q.dtype)
    out[..., 0, 0], out[..., 0, 1], out[..., 0, 2] = 1.0 - (yy + zz), xy - wz, xz + wy
    out[..., 1, 0], out[..., 1, 1], out[..., 1, 2] = xy + wz, 1.0 - (xx + zz), yz - wx
    out[..., 2, 0], out[..., 2, 1], out[..., 2, 2] = xz - wy, yz + wx, 1.0 - (xx + yy)
    return out


def rotate_all(q: Floats, points: Floats) -> Floats:
    """(..., 3, K): all of some points (K, 3) turned by each of the quaternions (..., 4); `rotate` takes ten times as
    long for them."""
    m = to_matrix(q)[..., None]  # (..., 3, 3, 1)
    return np.asarray(m[..., 0, :] * points[:, 0] + m[..., 1, :] * points[:, 1] + m[..., 2, :] * points[:, 2])


def upwards(q: Floats) -> Floats:
    """The world's up in the axes of what quaternions (..., 4) turn, (..., 3): its dot product with a point is how much
    higher than its joint that comes to lie."""
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    return np.stack([2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)], axis=-1)


def from_matrix(m: Floats) -> Floats:
    """Quaternions (..., 4) of rotation matrices (..., 3, 3), from whichever component is largest (Shepperd 1978)."""
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = np.stack([1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22], axis=-1)
    xy, xz, yz = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    rows = np.stack(
        [
            np.stack([squares[..., 0], wx, wy, wz], axis=-1),
            np.stack([wx, squares[..., 1], xy, xz], axis=-1),
            np.stack([wy, xy, squares[..., 2], yz], axis=-1),
            np.stack([wz, xz, yz, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(squares, axis=-1)[..., None, None]
    return normalize(np.take_along_axis(rows, best, axis=-2)[..., 0, :])


def from_euler(angles: Floats, order: str) -> Floats:
    """Quaternions (..., 4) of intrinsic Euler angles (..., 3) in radians; "ZXY" is the product Z X Y.

    >>> to_euler_zxy(from_euler(np.array([0.3, -0.2, 0.1]), "ZXY")).round(6)
    array([ 0.3, -0.2,  0.1])
    """
    axes = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}
    q = from_axis_angle(axes[order[0]], angles[..., 0])
    for i in (1, 2):
        q = multiply(q, from_axis_angle(axes[order[i]], angles[..., i]))
    return q


def to_euler_zxy(q: Floats) -> Floats:
    """Intrinsic Z, X, Y angles (..., 3) in radians; the inverse of `from_euler(angles, "ZXY")`. Where X is a quarter
    turn, as in someone lying, Z and Y turn about one axis, and Z has all of it."""
    m = to_matrix(q)
    level = np.hypot(m[..., 0, 1], m[..., 1, 1])  # the cosine of x
    locked = level < 1e-6
    x = np.arctan2(m[..., 2, 1], level)
    z = np.where(locked, np.arctan2(m[..., 1, 0], m[..., 0, 0]), np.arctan2(-m[..., 0, 1], m[..., 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    return np.stack([z, x, y], axis=-1)


def fit(source: Floats, target: Floats) -> Floats:
    """The turns (T, 4) that best take points (K, 3) to points (T, K, 3), both about the origin (Kabsch 1976)."""
    u, _, vt = np.linalg.svd(np.einsum("tki,kj->tij", target, source))
    u[..., :, 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return from_matrix(u @ vt)


def to_sixd(q: Floats) -> Floats:
    """The 6D representation of Zhou et al. 2019 (..., 6): the matrix's first two columns, as HumanML3D stores it."""
    m = to_matrix(q)
    return np.concatenate([m[..., :, 0], m[..., :, 1]], axis=-1)


def from_sixd(sixd: Floats) -> Floats:
    """Quaternions (..., 4) from 6D (..., 6) by Gram-Schmidt, so the two vectors need only be independent."""
    x = normalize(sixd[..., :3])
    z = normalize(cross(x, sixd[..., 3:]))
    return from_matrix(np.stack([x, cross(z, x), z], axis=-1))


def unflip(q: Floats) -> Floats:
    """Quaternions (T, ..., 4) with signs chosen so that neighbouring frames lie in the same hemisphere.

    >>> unflip(np.array([[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]])).round(1) + 0.0
    array([[1., 0., 0., 0.],
           [1., 0., 0., 0.]])
    """
    dots = dot(q[1:], q[:-1])
    if not (dots < 0).any():
        return q.copy()
    signs = np.concatenate([np.ones_like(q[:1, ..., 0]), np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)])
    return np.asarray(q * signs[..., None])


def slerp(a: Floats, b: Floats, t: ArrayLike) -> Floats:
    """Spherical interpolation from a to b (..., 4) along the shorter arc; t (...) from 0 to 1.

    >>> half = slerp(IDENTITY, from_axis_angle((0.0, 1.0, 0.0), 1.0), 0.5)
    >>> to_rotation_vector(half).round(6)
    array([0. , 0.5, 0. ])
    """
    step = to_rotation_vector(multiply(conjugate(a), b))
    return normalize(multiply(a, from_rotation_vector(step * np.asarray(t)[..., None])))


def yaw(q: Floats) -> Floats:
    """The turn about Y (..., 4) from +Z to where q's +Z points, seen from above: the heading of a pelvis.

    >>> leaning = multiply(from_axis_angle((0.0, 1.0, 0.0), 0.7), from_axis_angle((1.0, 0.0, 0.0), 0.4))
    >>> to_rotation_vector(yaw(leaning)).round(6)
    array([0. , 0.7, 0. ])
    """
    forward = rotate(q, np.array([0.0, 0.0, 1.0]))
    return from_axis_angle((0.0, 1.0, 0.0), np.arctan2(forward[..., 0], forward[..., 2]))
