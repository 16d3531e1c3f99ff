"""The cloud of 60 points in space on which the linear autoencoder is shown to be PCA.

An oval of 2 by 1, tilted in space, with noise on all three axes: nearly flat, so two numbers describe a point well.

Random numbers: NumPy's legacy generator, `np.random.RandomState(42)`, which gives the stream of `np.random.seed(42)`.
The lecture was written with it; `np.random.default_rng(42)` gives another cloud. Order of the draws: 60 uniform numbers
for the angles, then 60×3 normal ones for the noise.
"""

from __future__ import annotations

import numpy as np

POINTS = 60
SEED = 42
NOISE = 0.28
ROTATION_VECTOR = (np.pi / 29, -np.pi / 20, np.pi / 4)
SHIFT = (0.2, 0.0, 0.2)


def make(*, points: int = POINTS, seed: int = SEED) -> np.ndarray:
    """Return the cloud, (points, 3) float64.

    Angles (U(0, 1)³ + ½)·2π crowd towards one side of the oval x = cos, y = ½·sin, z = 0; then come 0.28·N(0, 1) on
    each axis, the rotation, and the shift.
    """
    random = np.random.RandomState(seed)
    angles = (random.rand(points) ** 3 + 0.5) * 2 * np.pi
    oval = np.column_stack([np.cos(angles), 0.5 * np.sin(angles), np.zeros(points)])
    noisy = oval + NOISE * random.randn(points, 3)
    return rotated(noisy, np.array(ROTATION_VECTOR)) + np.array(SHIFT)


def rotated(points: np.ndarray, rotation_vector: np.ndarray) -> np.ndarray:
    """Return points (n, 3) turned round the vector's direction k by its length θ (radians), right hand rule.

    Rodrigues' formula: p·cos θ + (k × p)·sin θ + k·(k·p)·(1 - cos θ).
    """
    angle = float(np.linalg.norm(rotation_vector))
    if angle == 0:
        return points.copy()
    axis = rotation_vector / angle
    along = np.outer(points @ axis, axis)
    return points * np.cos(angle) + np.cross(axis, points) * np.sin(angle) + along * (1 - np.cos(angle))
