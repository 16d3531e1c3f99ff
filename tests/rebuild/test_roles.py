"""Encoder, decoder and autoencoder are found by what they do; names only break ties."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from keras import Input, Model, Sequential, layers
from round_trip import send

from grader.domain.evidence import FitClaim
from grader.domain.measurement import Role
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import Cast, assign, concrete
from grader.rebuild.whole_submission import load_arrays
from reference import stacked

pytestmark = pytest.mark.usefixtures("alone")

CONTRACT = {role.value: role.value for role in Role}


def cast(namespace: dict[str, Any], folder: Path, fitted: Sequence[str] = ()) -> Cast:
    evidence = send(namespace, folder)
    arrays = load_arrays(evidence.weights_file)
    workshop = Workshop(evidence.operations, arrays)
    models = []
    for claim in evidence.models:
        try:
            models.append(workshop.rebuild(claim))
        except RefusedError:
            continue
    ids = {name: claim.model for claim in evidence.models for name in claim.names}
    fits = [FitClaim(ids[name], 1, 1, 1, True, 0.0, 1.0, True) for name in fitted]
    return assign(models, fits, arrays, sample=(28, 28), contract=CONTRACT)


def names(found: Cast) -> dict[Role, str]:
    return {role: model.claim.names[0] for role, model in found.by_role().items()}


def flat(code: int = 3, units: int = 784) -> Any:
    return Sequential([Input((784,)), layers.Dense(code), layers.Dense(units)])


def trio(code: int = 3) -> tuple[Any, Any, Any]:
    encoder = Sequential([Input((784,)), layers.Dense(code)])
    decoder = Sequential([Input((code,)), layers.Dense(784)])
    return encoder, decoder, Sequential([encoder, decoder])


def test_the_three_models_of_the_assignment_fill_their_roles(tmp_path: Path) -> None:
    """The ordinary notebook."""
    found = cast(dict(stacked.build()._asdict()), tmp_path)
    assert names(found) == {role: role.value for role in Role}
    assert found.candidates == 1


def test_spanish_names_fill_the_roles_as_well(tmp_path: Path) -> None:
    """No name of the contract stands anywhere."""
    encoder, decoder, whole = trio()
    found = cast({"codificador": encoder, "decodificador": decoder, "modelo": whole}, tmp_path)
    assert names(found) == {
        Role.ENCODER: "codificador", Role.DECODER: "decodificador", Role.AUTOENCODER: "modelo",
    }  # fmt: skip


def test_a_name_never_makes_a_model_what_it_is_not(tmp_path: Path) -> None:
    """An `encoder` that returns the reconstruction is an autoencoder, a `decoder` that encodes is an encoder."""
    encoder, decoder, whole = trio()
    found = cast({"encoder": whole, "decoder": encoder, "autoencoder": decoder}, tmp_path)
    assert names(found) == {Role.ENCODER: "decoder", Role.DECODER: "autoencoder", Role.AUTOENCODER: "encoder"}


def test_among_several_autoencoders_the_name_of_the_contract_decides(tmp_path: Path) -> None:
    """Then the last one fitted, then the largest; all of them are counted."""
    models = {"autoencoder": flat(3), "grande": flat(20), "otro": flat(4)}
    found = cast(models, tmp_path / "named", ["autoencoder", "otro"])
    assert (names(found)[Role.AUTOENCODER], found.candidates) == ("autoencoder", 3)
    del models["autoencoder"]
    assert names(cast(models, tmp_path / "fitted", ["grande", "otro"]))[Role.AUTOENCODER] == "otro"
    assert names(cast(models, tmp_path / "fitted again", ["otro", "grande", "otro"]))[Role.AUTOENCODER] == "otro"
    assert names(cast(models, tmp_path / "largest"))[Role.AUTOENCODER] == "grande"


def test_a_rebound_name_means_its_last_model(tmp_path: Path) -> None:
    """27 of 80 real notebooks bind `autoencoder` anew; the first one lives on as a fitted model without a name."""
    from grader.probe.hooks import FitRecord

    first, second = flat(3), flat(5)
    records = [FitRecord(first, 1, 1, 1, completed=True), FitRecord(second, 1, 1, 1, completed=True)]
    evidence = send({"autoencoder": second}, tmp_path, records)
    arrays = load_arrays(evidence.weights_file)
    models = [Workshop(evidence.operations, arrays).rebuild(claim) for claim in evidence.models]
    found = assign(models, evidence.fits, arrays, sample=(28, 28), contract=CONTRACT)
    assert found.candidates == 2
    assert found.autoencoder is not None
    assert found.autoencoder.parameters == second.count_params()


def test_what_was_trained_under_the_name_comes_before_what_has_it_now(tmp_path: Path) -> None:
    """`autoencoder` was trained and then built anew, untrained: the trained one is judged."""
    from grader.probe.hooks import FitRecord

    trained, fresh, other = flat(3), flat(5), flat(9)
    records = [
        FitRecord(trained, 1, 1, 1, completed=True, names=("autoencoder",)),
        FitRecord(other, 1, 1, 1, completed=True, names=("otro",)),
    ]
    evidence = send({"autoencoder": fresh, "otro": other}, tmp_path, records)
    arrays = load_arrays(evidence.weights_file)
    models = [Workshop(evidence.operations, arrays).rebuild(claim) for claim in evidence.models]
    found = assign(models, evidence.fits, arrays, sample=(28, 28), contract=CONTRACT)
    assert found.autoencoder is not None
    assert found.autoencoder.parameters == trained.count_params()


def test_a_model_whose_layers_were_trained_in_another_counts_as_trained(tmp_path: Path) -> None:
    """`autoencoder` shares its layers with the model that `fit` was called on."""
    image = Input((784,))
    code, rest = layers.Dense(3), layers.Dense(784)
    whole, with_noise = Model(image, rest(code(image))), Model(image, rest(code(layers.GaussianNoise(0.1)(image))))
    found = cast({"otro": flat(9), "autoencoder": whole, "dae": with_noise}, tmp_path, ["otro", "dae"])
    assert names(found)[Role.AUTOENCODER] == "autoencoder"


def test_parts_with_the_autoencoders_own_numbers_come_before_others(tmp_path: Path) -> None:
    """A copy that was never trained loses to the real part, whatever the two are called."""
    encoder, decoder, whole = trio()
    stranger, other, _ = trio()
    found = cast(
        {"encoder": stranger, "decoder": other, "autoencoder": whole, "parte": encoder, "resto": decoder}, tmp_path
    )
    assert names(found)[Role.ENCODER] != "encoder"
    assert found.encoder is not None
    assert set(found.encoder.held) < set(found.autoencoder.held if found.autoencoder else ())


def test_a_copy_is_taken_where_nothing_better_is(tmp_path: Path) -> None:
    """The gap between its answers and the autoencoder's is then what the checks show."""
    stranger, other, _ = trio()
    found = cast({"autoencoder": flat(), "encoder": stranger, "decoder": other}, tmp_path)
    assert names(found) == {role: role.value for role in Role}


def test_what_a_sequential_leaves_behind_layer_by_layer_is_no_encoder(tmp_path: Path) -> None:
    """`add` makes a model of the layers so far each time; nobody named or trained these."""
    whole = Sequential()
    for layer in (Input((784,)), layers.Dense(32), layers.Dense(3), layers.Dense(784), layers.Reshape((28, 28))):
        whole.add(layer)
    assert names(cast({"autoencoder": whole}, tmp_path, ["autoencoder"])) == {Role.AUTOENCODER: "autoencoder"}


def test_a_code_as_wide_as_the_image_leaves_the_halves_under_their_names_what_they_are(tmp_path: Path) -> None:
    """Its size is wrong, and nothing else; under other names nobody can tell a half from an autoencoder."""
    encoder, decoder, whole = trio(784)
    found = cast({"encoder": encoder, "decoder": decoder, "autoencoder": whole}, tmp_path, ["autoencoder"])
    assert names(found) == {role: role.value for role in Role}
    found = cast({"a": encoder, "b": decoder, "autoencoder": whole}, tmp_path, ["autoencoder"])
    assert names(found) == {Role.AUTOENCODER: "autoencoder"}


def test_encoder_and_decoder_that_fit_together_are_preferred(tmp_path: Path) -> None:
    """Among strangers, those with the same code size."""
    small, large = trio(3), trio(9)
    found = cast({"autoencoder": flat(), "a": small[0], "b": large[0], "c": large[1]}, tmp_path)
    assert (names(found)[Role.ENCODER], names(found)[Role.DECODER]) == ("b", "c")


def test_arrays_count_as_the_same_by_value(tmp_path: Path) -> None:
    """An encoder that got its weights by `set_weights` holds the same numbers."""
    encoder, _, whole = trio()
    copy = Sequential([Input((784,)), layers.Dense(3)])
    copy.set_weights(encoder.get_weights())
    image = Input((784,))
    flat_whole = Model(image, whole.layers[1].layers[0](whole.layers[0].layers[0](image)))
    stranger = Sequential([Input((784,)), layers.Dense(3)])
    found = cast({"autoencoder": flat_whole, "encoder": stranger, "copia": copy}, tmp_path)
    assert names(found)[Role.ENCODER] == "copia"


def test_a_notebook_without_an_autoencoder_has_none(tmp_path: Path) -> None:
    """A classifier maps an image to something smaller, so it stands in as the encoder and nothing else."""
    found = cast({"clasificador": Sequential([Input((784,)), layers.Dense(10)])}, tmp_path)
    assert (found.autoencoder, found.decoder, found.candidates) == (None, None, 0)


def test_nothing_comes_of_no_models() -> None:
    """An empty notebook."""
    assert assign([], [], {}, sample=(28, 28), contract=CONTRACT) == Cast(None, None, None, 0)


@pytest.mark.parametrize(
    ("shape", "held"),
    [
        ((784,), (784,)), ((28, 28), (28, 28)), ((28, 28, 1), (28, 28, 1)), ((None, 28), (28, 28)),
        ((None, None, 1), (28, 28, 1)), ((392, 2), (392, 2)), ((), None), ((None,), None), ((30,), None),
        ((28, 28, 3), None), ((None, 784), None),
    ],
)  # fmt: skip
def test_a_shape_holds_an_image_or_not(shape: tuple[int | None, ...], held: tuple[int, ...] | None) -> None:
    """Any shape of 784 numbers does; free lengths count 28."""
    assert concrete(shape, (28, 28)) == held
