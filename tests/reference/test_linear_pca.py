"""The linear autoencoder and principal component analysis: the cloud, the planes, and the angle between them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from reference import cloud, linear_pca


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return cloud.make()


def test_the_cloud_is_the_lectures(points) -> None:
    """The course's recipe written down again with NumPy's global seed and SciPy's rotation gives the same points."""
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    before = np.random.get_state()
    np.random.seed(42)
    angles = (np.random.rand(60) ** 3 + 0.5) * 2 * np.pi
    expected = np.zeros((60, 3))
    expected[:, 0], expected[:, 1] = np.cos(angles), np.sin(angles) * 0.5
    expected += 0.28 * np.random.randn(60, 3)
    np.random.set_state(before)
    expected = rotation.from_rotvec([np.pi / 29, -np.pi / 20, np.pi / 4]).apply(expected)
    expected += [0.2, 0, 0.2]
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-12)


def test_a_quarter_turn_round_the_vertical_takes_x_to_y() -> None:
    """By hand: the right hand rule, (1, 0, 0) to (0, 1, 0), and the axis itself stays."""
    turned = cloud.rotated(np.array([[1.0, 0, 0], [0, 0, 2]]), np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(turned, [[0, 1, 0], [0, 0, 2]], atol=1e-15)


def test_no_rotation_leaves_the_points() -> None:
    """The formula divides by the angle; an angle of zero must not."""
    np.testing.assert_array_equal(cloud.rotated(np.eye(3), np.zeros(3)), np.eye(3))


def test_principal_angles_of_known_planes() -> None:
    """By hand: the floor against itself in other vectors 0° and 0°; against a plane tilted by 30°, 0° and 30°."""
    floor = np.array([[1.0, 0, 0], [0, 1, 0]])
    tilted = np.array([[2.0, 0, 0], [1, np.cos(np.pi / 6), np.sin(np.pi / 6)]])
    np.testing.assert_allclose(linear_pca.principal_angles(floor, np.array([[1.0, 1, 0], [1, -3, 0]])), 0, atol=1e-5)
    np.testing.assert_allclose(linear_pca.principal_angles(floor, tilted), [0, 30], atol=1e-5)


def test_the_plane_of_pca_is_scikit_learns(points) -> None:
    """Mean and components agree with scikit-learn's PCA (principal angles below a millionth of a right angle)."""
    pca = pytest.importorskip("sklearn.decomposition").PCA(n_components=2).fit(points)
    plane = linear_pca.pca_plane(points)
    np.testing.assert_allclose(plane.point, pca.mean_, atol=1e-12)
    assert linear_pca.principal_angles(plane.directions, pca.components_).max() < 1e-4


def trained(points: np.ndarray, *, epochs: int) -> tuple[keras.Model, keras.Model]:
    """Train as `fit` would, batches of 32 in a new order each epoch, without the cost of its loops."""
    keras.utils.set_random_seed(42)
    models = linear_pca.build()
    linear_pca.compile_model(models.autoencoder)
    order = np.random.default_rng(42)
    for _ in range(epochs):
        shuffled = points[order.permutation(len(points))].astype(np.float32)
        for start in range(0, len(points), linear_pca.BATCH_SIZE):
            batch = shuffled[start : start + linear_pca.BATCH_SIZE]
            models.autoencoder.train_on_batch(batch, batch)
    return models.decoder, models.autoencoder


def test_500_epochs_find_the_plane_of_pca(points) -> None:
    """The learnt plane is PCA's within 5° (four seeds gave 0.5° to 2.1°), and its error PCA's within 5 %.

    PCA's own error, 0.02331, is the sum of the squared distances from the plane over 180 numbers.
    """
    decoder, autoencoder = trained(points, epochs=linear_pca.EPOCHS)
    plane = linear_pca.pca_plane(points)
    angles = linear_pca.principal_angles(linear_pca.learnt_plane(decoder).directions, plane.directions)
    assert angles.max() < 5

    centred = points - plane.point
    pca_error = ((centred - centred @ plane.directions.T @ plane.directions) ** 2).mean()
    assert pca_error == pytest.approx(0.02331, abs=5e-6)
    error = float(((np.asarray(autoencoder(points)) - points) ** 2).mean())
    assert pca_error - 1e-6 <= error <= 1.05 * pca_error


def test_an_untrained_plane_is_another_one(points) -> None:
    """The test above can fail: fresh weights of the same seed span a plane that is more than 20° away."""
    decoder, _ = trained(points, epochs=0)
    directions = linear_pca.learnt_plane(decoder).directions
    assert linear_pca.principal_angles(directions, linear_pca.pca_plane(points).directions).max() > 20


def test_the_learnt_plane_holds_every_answer_of_the_decoder(rng) -> None:
    """Any code decodes to the plane's point plus a mixture of its two directions."""
    decoder = linear_pca.build().decoder
    decoder.set_weights([rng.normal(size=(2, 3)), rng.normal(size=3)])
    plane = linear_pca.learnt_plane(decoder)
    codes = rng.normal(size=(5, 2)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(decoder(codes)), plane.point + codes @ plane.directions, rtol=1e-5)
