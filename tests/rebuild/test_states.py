"""Recurrent layers that give their states and begin with them: rebuilt, and the code is all that is handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops
from round_trip import answers, receive, round_trip, send, shake

from grader.domain.evidence import Evidence
from grader.domain.measurement import Role
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.cutting import completed
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import Cast, assign
from grader.rebuild.quantities.submission_measurements import find_code
from grader.rebuild.whole_submission import load_arrays

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = (6, 5)
INPUTS = np.random.default_rng(5).random((4, *SAMPLE), dtype=np.float32)


def _written(states: list[Any], first: Any, recurrent: Any) -> Any:
    """A decoder's end: it reads `first` six times, starting from the states."""
    sequence = recurrent(layers.RepeatVector(6)(first), initial_state=states)
    return layers.Dense(5)(sequence)


def _lstm_pair(*, hands_on: str) -> dict[str, Any]:
    """An encoder whose code is h, or h and c, and a decoder that reads zeros."""
    source = Input(SAMPLE)
    _, h, c = layers.LSTM(3, return_state=True)(source)
    encoder = Model(source, [h, c] if hands_on == "h, c" else h)
    code = [Input((3,)), Input((3,))] if hands_on == "h, c" else [Input((3,))]
    states = code if hands_on == "h, c" else [code[0], ops.zeros_like(code[0])]
    end = _written(states, ops.zeros_like(code[0]), layers.LSTM(3, return_sequences=True))
    decoder = Model(code if len(code) > 1 else code[0], end)
    return {"encoder": encoder, "decoder": decoder, "autoencoder": Model(source, decoder(encoder(source)))}


def _in_one(make: Any) -> dict[str, Any]:
    source = Input(SAMPLE)
    return {"autoencoder": Model(source, make(source))}


def _gru(source: Any) -> Any:
    _, h = layers.GRU(4, return_state=True)(source)
    return _written([h], h, layers.GRU(4, return_sequences=True))


def _simple(source: Any) -> Any:
    _, h = layers.SimpleRNN(4, return_state=True)(source)
    return _written([h], ops.zeros_like(h), layers.SimpleRNN(4, return_sequences=True))


def _dense_code(source: Any) -> Any:
    code = layers.Dense(3)(layers.LSTM(8)(source))
    states = [layers.Dense(7, "tanh")(code), layers.Dense(7)(code)]
    return _written(states, code, layers.LSTM(7, return_sequences=True))


def _both_ways(source: Any) -> Any:
    _, fh, fc, bh, bc = layers.Bidirectional(layers.LSTM(2, return_state=True))(source)
    states = [layers.Concatenate()([fh, bh]), layers.Concatenate()([fc, bc])]
    return _written(states, ops.zeros_like(states[0]), layers.LSTM(4, return_sequences=True))


def _decoder_both_ways(source: Any) -> Any:
    _, h, c = layers.LSTM(3, return_state=True)(source)
    return _written([h, c, h, c], ops.zeros_like(h), layers.Bidirectional(layers.LSTM(3, return_sequences=True)))


def _repeated_cells(source: Any) -> Any:
    _, h, c = layers.RNN(layers.LSTMCell(3), return_state=True)(source)
    return _written([h, c], ops.zeros_like(h), layers.RNN(layers.LSTMCell(3), return_sequences=True))


def _cast(evidence: Evidence) -> tuple[Cast, Any]:
    arrays = load_arrays(evidence.weights_file)
    workshop = Workshop(evidence.operations, arrays, evidence.models)
    models = [workshop.rebuild(claim) for claim in evidence.models]
    names = {role: role.value for role in Role}
    cast = assign(models, evidence.fits, arrays, sample=SAMPLE, contract=names)
    return completed(cast, evidence, arrays, sample=SAMPLE), arrays


@pytest.mark.parametrize("hands_on", ["h", "h, c"])
def test_an_encoder_and_a_decoder_of_states_are_found_and_chained(hands_on: str, tmp_path: Path) -> None:
    """With both states, the code is both: twice as many numbers, in a row."""
    models = _lstm_pair(hands_on=hands_on)
    shake(*models.values())
    cast, arrays = _cast(send(models, tmp_path))
    assert cast.autoencoder
    assert cast.encoder
    assert cast.decoder
    assert cast.cut == frozenset()
    size = 6 if hands_on == "h, c" else 3
    assert cast.encoder.output_shape == cast.decoder.input_shape == (size,)
    wanted = answers(models["autoencoder"], INPUTS)
    np.testing.assert_allclose(answers(cast.autoencoder.model, INPUTS), wanted, atol=1e-5)
    chained = answers(cast.decoder.model, answers(cast.encoder.model, INPUTS))
    np.testing.assert_allclose(chained, wanted, atol=1e-5)
    forms = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    assert find_code(forms) == (size, None)


@pytest.mark.parametrize(
    ("make", "code"),
    [(_gru, 4), (_simple, 4), (_dense_code, 3), (_both_ways, 8), (_decoder_both_ways, 6), (_repeated_cells, 6)],
    ids=["GRU", "SimpleRNN", "Dense code", "Bidirectional encoder", "Bidirectional decoder", "RNN of cells"],
)
def test_an_autoencoder_of_states_is_rebuilt_and_cut(make: Any, code: int, tmp_path: Path) -> None:
    """Where the notebook keeps no halves, they are cut where all states of the code pass."""
    models = _in_one(make)
    shake(*models.values())
    cast, arrays = _cast(send(models, tmp_path))
    assert cast.autoencoder
    wanted = answers(models["autoencoder"], INPUTS)
    np.testing.assert_allclose(answers(cast.autoencoder.model, INPUTS), wanted, atol=1e-5)
    assert cast.autoencoder.parameters == models["autoencoder"].count_params()
    assert cast.encoder
    assert cast.decoder
    assert cast.encoder.output_shape == cast.decoder.input_shape == (code,)
    chained = answers(cast.decoder.model, answers(cast.encoder.model, INPUTS))
    np.testing.assert_allclose(chained, wanted, atol=1e-5)
    forms = {Role.AUTOENCODER: canonical(cast.autoencoder, arrays), Role.ENCODER: canonical(cast.encoder, arrays)}
    assert find_code(forms) == (code, None)


def test_states_of_two_layers_one_above_the_other_are_one_code(tmp_path: Path) -> None:
    """The usual translator: every layer of the decoder begins with the states of its twin."""
    source = Input(SAMPLE)
    sequence, h1, c1 = layers.LSTM(4, return_sequences=True, return_state=True)(source)
    _, h2, c2 = layers.LSTM(3, return_state=True)(sequence)
    encoder = Model(source, [h1, c1, h2, c2])
    code = [Input((4,)), Input((4,)), Input((3,)), Input((3,))]
    inner = layers.LSTM(4, return_sequences=True)(
        layers.RepeatVector(6)(ops.zeros_like(code[0])), initial_state=code[:2]
    )
    end = layers.Dense(5)(layers.LSTM(3, return_sequences=True)(inner, initial_state=code[2:]))
    decoder = Model(code, end)
    models = {"encoder": encoder, "decoder": decoder, "autoencoder": Model(source, decoder(encoder(source)))}
    shake(*models.values())
    cast, arrays = _cast(send(models, tmp_path))
    assert cast.encoder
    assert cast.decoder
    assert cast.autoencoder
    assert cast.encoder.output_shape == (14,)
    forms = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    assert find_code(forms) == (14, None)


def test_a_way_past_the_states_is_seen(tmp_path: Path) -> None:
    """A decoder that reads the image as well (teacher forcing) is no bottleneck."""
    source = Input(SAMPLE)
    _, h, c = layers.LSTM(3, return_state=True)(source)
    encoder = Model(source, [h, c])
    given = layers.ZeroPadding1D((1, 0))(source[:, :-1])
    end = layers.Dense(5)(layers.LSTM(3, return_sequences=True)(given, initial_state=[h, c]))
    models = {"encoder": encoder, "autoencoder": Model(source, end), "taker": _taker()}
    cast, arrays = _cast(send(models, tmp_path))
    assert cast.autoencoder
    assert cast.encoder
    forms = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    size, bypass = find_code(forms)
    assert size == 6
    assert bypass is not None


def _taker() -> Any:
    code = [Input((3,)), Input((3,))]
    return Model(code, layers.Dense(2)(layers.Concatenate()(code)))


def test_a_model_of_two_inputs_that_nobody_hands_on_is_refused(tmp_path: Path) -> None:
    """An image and its label are no code: a person looks at it."""
    first, second = Input((8,)), Input((8,))
    model = Model([first, second], layers.Add()([first, second]))
    with pytest.raises(RefusedError, match="a model with 2 inputs and 1 outputs"):
        round_trip(model, tmp_path)


def test_the_mean_stays_the_code_of_an_encoder_that_draws(tmp_path: Path) -> None:
    """A model that draws takes what the encoder gives, too, and is no decoder."""

    class Drawn(layers.Layer):
        def call(self, pair: Any) -> Any:
            mean, log_variance = pair
            return mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean))

    source = Input((8,))
    mean, log_variance = layers.Dense(2)(source), layers.Dense(2)(source)
    pair = [Input((2,)), Input((2,))]
    sampler = Model(pair, Drawn()(pair))
    evidence = send({"encoder": Model(source, [mean, log_variance]), "sampler": sampler}, tmp_path)
    encoder, _ = receive(evidence, "encoder")
    assert encoder.output_shape == (2,)


def test_zeros_of_a_size_read_nothing(tmp_path: Path) -> None:
    """`zeros_like(image)` tells a decoder how many rows to write, and nothing of what is in them."""
    source = Input(SAMPLE)
    _, h, c = layers.LSTM(3, return_state=True)(source)
    sequence = layers.LSTM(3, return_sequences=True)(ops.zeros_like(source), initial_state=[h, c])
    evidence = send({"autoencoder": Model(source, layers.Dense(5)(sequence))}, tmp_path)
    cast, arrays = _cast(evidence)
    assert cast.autoencoder
    form = canonical(cast.autoencoder, arrays)
    assert [(layer.kind, layer.inputs, layer.size) for layer in form.layers] == [
        ("LSTM", (-1,), 6), ("LSTM", (0, 0), 18), ("Dense", (1,), 30),
    ]  # fmt: skip
    assert find_code({Role.AUTOENCODER: form}) == (6, None)
