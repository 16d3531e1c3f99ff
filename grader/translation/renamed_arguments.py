"""Calls with arguments that were renamed, changed their form, or are no longer accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import libcst as cst

from grader.domain.messages import Message, message
from grader.translation.old_optimizers import translated_optimizer
from grader.translation.renamings import ARGUMENTS, KERAS_1_ARGUMENTS, OPTIMIZERS, SLOW_RATES
from grader.translation.rule_site import RuleSite, code, dotted_name, keyword, positional, text_of, with_name, without

_UNUSED: Final = message("Keras 3 does not take `{before}` any more; it only said how to compute: leave it out.")
_GENERATOR: Final = ("steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps")
_ONLY_HOW: Final = frozenset({"workers", "use_multiprocessing", "max_queue_size", "max_q_size", "pickle_safe"})
_TRAINING: Final = frozenset({"fit", "evaluate", "predict"})


def translated_call(original: cst.Call, updated: cst.Call, line: int, place: RuleSite) -> cst.BaseExpression:
    """Translate a call; the same node if nothing in it is old.

    Args:
        original: As the cell has it, for what it means.
        updated: The same with everything inside it translated.
        line: Where it stands.
        place: The cell.
    """
    place.as_written = (code(updated), code(original))
    meaning = place.meaning(original.func, line)
    if meaning is not None:
        return _of_a_module(meaning.name, updated, line, place)
    if isinstance(original.func, cst.Name):
        return _of_nothing(updated, original.func.value, line, place)
    if not isinstance(original.func, cst.Attribute) or original.func.attr.value in place.survey.own:
        return updated
    rule = _METHODS.get(original.func.attr.value)
    return updated if rule is None else rule(updated, line, place)


def _of_nothing(call: cst.Call, name: str, line: int, place: RuleSite) -> cst.Call:
    """Translate what only Python 2 had."""
    if name != "xrange" or "xrange" in place.survey.names.bound:
        return call
    new = call.with_changes(func=cst.Name("range"))
    place.note(line, code(call), code(new), signs=("'xrange'",))
    return new


# Functions and classes of modules


def _of_a_module(name: str, call: cst.Call, line: int, place: RuleSite) -> cst.BaseExpression:
    module, _, last = name.rpartition(".")
    renamed = _with_new_arguments(call, name, line, place)
    if module == "keras.optimizers" and last in OPTIMIZERS:
        return translated_optimizer(renamed, last, line, place)
    if module == "keras.layers":
        renamed = _without_batch(renamed, line, place)
    if module == "keras.layers" and name in ARGUMENTS:
        return _old_layer(call, renamed, line, place)
    rule = _FUNCTIONS.get(name)
    return renamed if rule is None else rule(renamed, line, place)


def _with_new_arguments(call: cst.Call, name: str, line: int, place: RuleSite) -> cst.Call:
    """Rename arguments; if the call also has the new name, the error is left to Keras."""
    table = ARGUMENTS.get(name, {})
    given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    arguments = []
    for arg in call.args:
        old = arg.keyword.value if arg.keyword is not None else ""
        if old in table and table[old] not in given:
            new = with_name(arg, table[old])
            place.note(line, _shown(arg), _shown(new), signs=(f"'{old}'", f"'{table[old]}'"))
            arguments.append(new)
        else:
            arguments.append(arg)
    return call if arguments == list(call.args) else call.with_changes(args=arguments)


def _shown(arg: cst.Arg) -> str:
    """Return the code of an argument without the comma after it."""
    return code(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()


def _old_layer(original: cst.Call, call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Convert a layer of Keras 1 to today's form: `(16, 3, 3)` is a kernel of 3 × 3 there, and strides of 3 here."""
    old = any(arg.keyword is not None and arg.keyword.value in KERAS_1_ARGUMENTS for arg in original.args)
    if not old:
        return call
    new = _with_kernel(call)
    ordering = keyword(new, "dim_ordering")
    if ordering is not None and (text := text_of(ordering.value)) in ("tf", "th"):
        data_format = with_name(ordering, "data_format").with_changes(
            value=cst.SimpleString('"channels_last"' if text == "tf" else '"channels_first"')
        )
        new = new.with_changes(args=[data_format if arg is ordering else arg for arg in new.args])
    if new is not call:
        place.note(line, code(original), code(new), signs=("'nb_row'", "'dim_ordering'", "'kernel_size'"))
    return new


def _without_batch(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Turn `batch_input_shape=(None, 784)` into `input_shape=(784,)`; a fixed batch size may mean a stateful layer."""
    given = keyword(call, "batch_input_shape")
    if given is None or not isinstance(given.value, cst.Tuple) or len(given.value.elements) < 2:
        return call
    batch, *lengths = given.value.elements
    if code(batch.value) != "None":
        return call
    if len(lengths) == 1:
        lengths = [lengths[0].with_changes(comma=cst.Comma())]
    shape = given.with_changes(value=given.value.with_changes(elements=lengths))
    new = call.with_changes(args=[with_name(shape, "input_shape") if arg is given else arg for arg in call.args])
    place.note(line, code(call), code(new), signs=("'batch_input_shape'",))
    return new


def _with_kernel(call: cst.Call) -> cst.Call:
    if "2D" not in (dotted_name(call.func) or "") or "Pool" in code(call.func):
        return call
    first = positional(call)
    rows, columns = keyword(call, "nb_row"), keyword(call, "nb_col")
    if rows is not None and columns is not None:
        pair = (rows, columns)
    elif first is not None and len(first) == 3:  # filters, rows, columns
        pair = (first[1], first[2])
    else:
        return call
    kernel = cst.Tuple([cst.Element(pair[0].value), cst.Element(pair[1].value)])
    argument = cst.Arg(kernel) if pair[0].keyword is None else with_name(cst.Arg(kernel), "kernel_size")
    argument = argument.with_changes(comma=pair[1].comma)
    return call.with_changes(args=[argument if arg is pair[0] else arg for arg in call.args if arg is not pair[1]])


def _input(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Turn `Input(shape=(784))`, which old versions accepted, into `(784,)`."""
    first = positional(call)
    shape = keyword(call, "shape") or (first[0] if first else None)
    if shape is None or not isinstance(shape.value, cst.Integer):
        return call
    number = shape.value.with_changes(lpar=[], rpar=[])
    pair = cst.Tuple([cst.Element(number, comma=cst.Comma())])
    new = call.with_changes(args=[arg.with_changes(value=pair) if arg is shape else arg for arg in call.args])
    place.note(line, code(call), code(new), signs=("to a shape",))
    return new


def _value_counts(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Turn `pd.value_counts(x, sort=True)` into a method of the series."""
    first = positional(call)
    if first is None or len(first) != 1 or not isinstance(call.func, cst.Attribute):
        return call
    series = cst.Call(cst.Attribute(call.func.value, cst.Name("Series")), [cst.Arg(first[0].value)])
    rest = [arg for arg in call.args if arg is not first[0]]
    new = call.with_changes(func=cst.Attribute(series, cst.Name("value_counts")), args=rest)
    place.note(line, code(call), code(new), signs=("'value_counts'",))
    return new


def _asscalar(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    first = positional(call)
    if first is None or len(first) != 1 or len(call.args) != 1:
        return call
    inner = first[0].value
    value = (
        inner
        if isinstance(inner, cst.Name | cst.Call | cst.Attribute | cst.Subscript)
        else cst.parse_expression(f"({code(inner)})")
    )
    new = call.with_changes(func=cst.Attribute(value, cst.Name("item")), args=[])
    place.note(line, code(call), code(new), signs=("'asscalar'",))
    return new


def _style(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Add seaborn's version to the names of its styles."""
    text = text_of(call.args[0].value) if len(call.args) == 1 else None
    if text is None or not (text == "seaborn" or text.startswith("seaborn-")) or text.startswith("seaborn-v0_8"):
        return call
    named = cst.SimpleString(f'"seaborn-v0_8{text.removeprefix("seaborn")}"')
    new = call.with_changes(args=[call.args[0].with_changes(value=named)])
    place.note(line, code(call), code(new), signs=(f"'{text}' is not a valid package style",))
    return new


_Rule = Callable[[cst.Call, int, RuleSite], cst.Call]
_FUNCTIONS: Final[dict[str, _Rule]] = {
    "keras.Input": _input,
    "keras.layers.Input": _input,
    "pandas.value_counts": _value_counts,
    "numpy.asscalar": _asscalar,
    "matplotlib.pyplot.style.use": _style,
}


# Methods


def _renamed_to(name: str) -> _Rule:
    def rule(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
        new = call.with_changes(func=_other(call, name))
        place.note(line, code(call.func), code(new.func), signs=(f"no attribute '{_attr(call)}'",))
        return new

    return rule


def _without_arguments(name: str) -> _Rule:
    rule = _renamed_to(name)
    return lambda call, line, place: call if call.args else rule(call, line, place)


def _fit(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Translate `nb_epoch=`, and remove arguments that only said how to compute."""
    table = {"nb_epoch": "epochs"}
    arguments = []
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value in table and keyword(call, "epochs") is None:
            new = with_name(arg, table[arg.keyword.value])
            place.note(line, _shown(arg), _shown(new), signs=(f"'{arg.keyword.value}'",))
            arguments.append(new)
        else:
            arguments.append(arg)
    renamed = call if arguments == list(call.args) else call.with_changes(args=arguments)
    how = [arg for arg in renamed.args if arg.keyword is not None and arg.keyword.value in _ONLY_HOW]
    for arg in how:
        why = _with(_UNUSED, before=_shown(arg))
        place.note(line, _shown(arg), "", why=why, signs=(f"'{arg.keyword.value if arg.keyword else ''}'",))
    return without(renamed, how) if how else renamed


def _with(said: Message, **values: str) -> Message:
    return Message(said.msgid, tuple(values.items()))


def _compile(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Restore the default rates of Keras 1 if other calls prove that the notebook was written for Keras 1."""
    optimizer = keyword(call, "optimizer")
    text = "" if optimizer is None else (text_of(optimizer.value) or "").lower()
    name = next((name for name in ("Adadelta", "Adagrad") if name.lower() == text), "")
    if optimizer is None or not name or not place.survey.keras_1:
        return call
    rate = SLOW_RATES[name][1]
    value = cst.parse_expression(f"{place.keras()}.optimizers.{name}(learning_rate={rate})")
    new = call.with_changes(args=[arg.with_changes(value=value) if arg is optimizer else arg for arg in call.args])
    why = message(
        "The default rate of {name} was {rate} in Keras 1, for which this notebook was written.",
        name=name,
        rate=f"{rate:g}",
    )
    place.note(line, _shown(optimizer), _shown(optimizer.with_changes(value=value)), why=why)
    return new


def _from_generator(name: str, order: Sequence[str]) -> _Rule:
    """Return the rule of `fit_generator` and its like: a generator is what `fit` takes today, under the same names."""

    def rule(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
        first = positional(call)
        given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
        sign = (f"no attribute '{_attr(call)}'",)
        if (
            first is None
            or len(first) > len(order) + 1
            or given & {"samples_per_epoch", "nb_val_samples", "val_samples"}
        ):
            place.advise(line, code(call), _SAMPLES, signs=sign)
            return call
        names = iter(order)
        arguments = [with_name(arg, next(names)) if arg in first[1:] else arg for arg in call.args]
        source = keyword(call, "generator")
        arguments = [with_name(arg, "x") if arg is source else arg for arg in arguments]
        new = call.with_changes(func=_other(call, name), args=arguments)
        place.note(line, code(call), code(new), signs=sign)
        return _fit(new, line, place)

    return rule


_SAMPLES: Final = message(
    "Keras 3 has no `fit_generator`: `fit` takes the generator, with `steps_per_epoch=` in batches where Keras 1 "
    "counted samples."
)


def _classes(call: cst.Call, line: int, place: RuleSite) -> cst.BaseExpression:
    """Translate Keras 2's choice of classes: the largest of several outputs, or one above a half."""
    if _root(call) not in place.survey.sequential:
        return call
    predict = call.with_changes(func=_other(call, "predict"))
    chosen = "(lambda p: p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype('int32'))"
    new = cst.Call(cst.parse_expression(chosen), [cst.Arg(predict)])
    place.note(line, code(call), code(new), signs=("no attribute 'predict_classes'",))
    return new


def _probabilities(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    return _renamed_to("predict")(call, line, place) if _root(call) in place.survey.sequential else call


def _add_loss(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Remove the argument that says what an added loss depends on."""
    inputs = keyword(call, "inputs")
    if inputs is None or _root(call) != "self":
        return call
    new = without(call, [inputs])
    place.note(line, code(call), code(new), signs=("'inputs'",), far=True)
    return new


def _add_metric(call: cst.Call, line: int, place: RuleSite) -> cst.BaseExpression:
    """Metrics are reported, and nothing is learnt from them."""
    why = message("Keras 3 has no `add_metric`: a metric that a model keeps itself is updated in `call`; leave it out.")
    place.note(line, code(call), "None", why=why, signs=("`add_metric()`",), far=_root(call) == "self")
    return cst.Name("None")


def _add_weight(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Make the shape the first argument of `add_weight`, which was the name."""
    first = positional(call)
    if _root(call) != "self" or not first or text_of(first[0].value) is None or len(first) > 2:
        return call
    named = [with_name(first[0], "name"), *(with_name(arg, "shape") for arg in first[1:])]
    new = call.with_changes(args=[*named, *(arg for arg in call.args if arg not in first)])
    place.note(line, code(call), code(new), signs=("add_weight", "to a shape"), far=True)
    return new


def _drop(call: cst.Call, line: int, place: RuleSite) -> cst.Call:
    """Translate `frame.drop(columns, 1)`: pandas requires the axis by name."""
    first = positional(call)
    if (
        first is None
        or len(first) != 2
        or not (isinstance(first[1].value, cst.Integer) and first[1].value.value in "01")
    ):
        return call
    new = call.with_changes(args=[with_name(arg, "axis") if arg is first[1] else arg for arg in call.args])
    place.note(line, code(call), code(new), signs=("drop() takes",))
    return new


def _attr(call: cst.Call) -> str:
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else ""


def _root(call: cst.Call) -> str:
    return (dotted_name(call.func) or "").rpartition(".")[0]


def _other(call: cst.Call, name: str) -> cst.BaseExpression:
    return call.func.with_changes(attr=cst.Name(name)) if isinstance(call.func, cst.Attribute) else call.func


_METHODS: Final[dict[str, Callable[[cst.Call, int, RuleSite], cst.BaseExpression]]] = {
    **dict.fromkeys(_TRAINING, _fit),
    "compile": _compile,
    "fit_generator": _from_generator("fit", _GENERATOR),
    "evaluate_generator": _from_generator("evaluate", ("steps",)),
    "predict_generator": _from_generator("predict", ("steps",)),
    "predict_classes": _classes,
    "predict_proba": _probabilities,
    "add_loss": _add_loss,
    "add_metric": _add_metric,
    "add_weight": _add_weight,
    "as_matrix": _without_arguments("to_numpy"),
    "iteritems": _without_arguments("items"),
    "applymap": _renamed_to("map"),
    "drop": _drop,
}
