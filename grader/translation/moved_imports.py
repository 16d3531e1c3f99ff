"""Imports of modules and names that moved, were renamed, or are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import libcst as cst

from grader.domain.messages import Message, message
from grader.translation.names import plain
from grader.translation.renamings import (
    CHANGED_MEMBERS,
    GONE_MODULES,
    LOSS_NAMES,
    LOST_MEMBERS,
    MOVED_MODULES,
    RENAMED_MEMBERS,
    TENSORFLOW_ONLY,
    TF_BACKEND,
    TF_LOSS_NAMES,
)
from grader.translation.rule_site import RuleSite, code, dotted_name

_ADVICE: Final[dict[str, Message]] = {
    "keras.wrappers": message("Keras 3 has no `keras.wrappers`: call `fit` and `predict` of the model itself."),
    "tensorflow.examples": message(
        "TensorFlow 2 has no `tensorflow.examples`: load the images with `keras.datasets.mnist.load_data()`."
    ),
    "tensorflow.contrib": message("TensorFlow 2 has no `tensorflow.contrib`: use layers and optimizers of `keras`."),
    "scipy.misc": message("SciPy has no pictures in `scipy.misc` any more: read them with `matplotlib.pyplot.imread`."),
}
_GONE: Final = message("This module is not there any more: look up what its documentation says took its place.")


def translated_from(node: cst.ImportFrom, line: int, place: RuleSite) -> cst.BaseSmallStatement:
    """Translate `from module import …`; the same node if nothing in it is old."""
    if node.module is None or node.relative or (written := dotted_name(node.module)) is None:
        return node
    if isinstance(node.names, cst.ImportStar):
        return _starred(node, written, line, place)
    kept = [alias for alias in node.names if not _is_lost(alias, written)]
    unused = [alias for alias in node.names if alias not in kept and _local(alias) not in place.survey.used]
    if len(kept) + len(unused) < len(node.names):
        _advise_lost(node, written, line, place)
        return node
    if not kept:
        return _dropped(node, line, place)
    return _rewritten(node, kept, written, line, place)


def translated_import(node: cst.Import, line: int, place: RuleSite) -> cst.BaseSmallStatement:
    """Translate `import module`; the same node if nothing in it is old."""
    names = [dotted_name(alias.name) or "" for alias in node.names]
    gone = [name for name in names if _gone(name)]
    if gone:
        if len(names) == 1 and _local(node.names[0]) not in place.survey.used:
            return _dropped(node, line, place)
        place.advise(line, code(node), _advice(gone[0]), signs=(gone[0],))
        return node
    targets = [_module_today(name, place, local=_local(alias)) for name, alias in zip(names, node.names, strict=True)]
    if targets == names:
        return node
    aliases = [alias.with_changes(name=_dotted_node(target)) for alias, target in zip(node.names, targets, strict=True)]
    changed = node.with_changes(names=aliases)
    place.note(line, code(node), code(changed), signs=(*names, "'keras.backend' has no attribute"), far=True)
    return changed


def _rewritten(
    node: cst.ImportFrom, kept: Sequence[cst.ImportAlias], written: str, line: int, place: RuleSite
) -> cst.BaseSmallStatement:
    """Write the import in today's form, with the names that are left."""
    special = _module_as_name(kept, written)
    if special is not None:
        place.note(line, code(node), special, signs=_signs(node, written))
        statement = cst.parse_statement(special)
        assert isinstance(statement, cst.SimpleStatementLine)  # noqa: S101 - it is one import
        return statement.body[0].with_changes(semicolon=node.semicolon)
    members = [_member(alias) for alias in kept]
    module = _module_today(written, place, members=members, local=_local(kept[0]))
    if any(member in CHANGED_MEMBERS for member in members) and module != written:
        place.advise(line, code(node), _GONE, signs=_signs(node, written))
        return node
    aliases = [_alias_today(alias, module) for alias in kept]
    given = () if isinstance(node.names, cst.ImportStar) else node.names
    if module == written and len(aliases) == len(given) and all(a is b for a, b in zip(aliases, kept, strict=True)):
        return node
    aliases[-1] = aliases[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    changed = node.with_changes(module=_dotted_node(module), names=aliases)
    signs = (
        (*_signs(node, written), "'keras.backend' has no attribute")
        if "backend" in code(node)
        else _signs(node, written)
    )
    place.note(line, code(node), code(changed), signs=signs, far="backend" in code(node))
    return changed


def _module_as_name(kept: Sequence[cst.ImportAlias], written: str) -> str | None:
    """Return the import of a moved module under the old module's name: `from keras.utils import np_utils`."""
    if len(kept) != 1:
        return None
    old, local = f"{written}.{_member(kept[0])}", _local(kept[0])
    if old == "sklearn.externals.joblib":
        return "import joblib" if local == "joblib" else f"import joblib as {local}"
    if plain(old) not in MOVED_MODULES:
        return None
    target = _as_written(MOVED_MODULES[plain(old)], old)
    parent, _, last = target.rpartition(".")
    return f"from {parent} import {last} as {local}" if parent else f"import {target} as {local}"


def _module_today(written: str, place: RuleSite, *, members: Sequence[str] = (), local: str = "") -> str:
    """Return today's path of a module, through `keras` or `tensorflow.keras` as before if both lead there."""
    module = plain(written)
    today = _as_written(MOVED_MODULES.get(module, module), written)
    if written.startswith("tensorflow"):
        return today
    used = place.survey.members.get(local, frozenset())
    whole = module == "keras.backend" and not members and used & TF_BACKEND
    from_keras = module == "keras" and list(members) == ["backend"] and used & TF_BACKEND
    single = module == "keras.backend" and set(members) & TF_BACKEND
    only = any(TENSORFLOW_ONLY.get(member) == module for member in members)
    return f"tensorflow.{today}" if whole or from_keras or single or only else today


def _as_written(module: str, written: str) -> str:
    """Write a module of Keras by way of TensorFlow where the notebook did."""
    return f"tensorflow.{module}" if written.startswith("tensorflow") and module.startswith("keras") else module


def _alias_today(alias: cst.ImportAlias, module: str) -> cst.ImportAlias:
    """Return the alias with today's name, bound to the same name as before."""
    member = _member(alias)
    today = RENAMED_MEMBERS.get(f"{plain(module)}.{member}", member)
    if plain(module) in ("keras.losses", "keras.metrics"):
        today = (TF_LOSS_NAMES if module.startswith("tensorflow") else LOSS_NAMES).get(member, member)
    if today == member or "." in today:
        return alias
    if today == _local(alias):
        return alias.with_changes(name=cst.Name(today), asname=None)
    bound = alias.asname or cst.AsName(cst.Name(member))
    return alias.with_changes(name=cst.Name(today), asname=bound)


def _starred(node: cst.ImportFrom, written: str, line: int, place: RuleSite) -> cst.BaseSmallStatement:
    """Translate `from module import *`, unless more names might replace names that the notebook binds itself."""
    target = _module_today(written, place)
    if target == written:
        return node
    changed = node.with_changes(module=_dotted_node(target))
    if place.survey.names.bound & _LOWER_CASE_LAYERS or "keras.layers" not in target:
        why = message(
            "This module is not there any more: import the names that you use from `{module}`.", module=target
        )
        place.advise(line, code(node), why, signs=_signs(node, written), after=code(changed))
        return node
    place.note(line, code(node), code(changed), signs=_signs(node, written))
    return changed


_LOWER_CASE_LAYERS: Final = frozenset(
    {"add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract", "serialize", "deserialize"}
)
"""Names in `keras.layers` that a notebook may also use for its own objects."""


# What is gone


def _is_lost(alias: cst.ImportAlias, written: str) -> bool:
    member = _member(alias)
    if f"{plain(written)}.{member}" in MOVED_MODULES:
        return False
    lost = member in LOST_MEMBERS and plain(written).partition(".")[0] in ("keras", "sklearn", "scipy")
    return lost or _gone(f"{written}.{member}")


def _gone(module: str) -> bool:
    name = plain(module)
    return any(name == gone or name.startswith(f"{gone}.") for gone in GONE_MODULES)


def _dropped(node: cst.ImportFrom | cst.Import, line: int, place: RuleSite) -> cst.BaseSmallStatement:
    why = message("What this imports is not there any more, and the notebook does not use it: leave the import out.")
    signs = _signs(node, dotted_name(node.module) or "") if isinstance(node, cst.ImportFrom) and node.module else ()
    if isinstance(node, cst.Import):
        signs = tuple(dotted_name(alias.name) or "" for alias in node.names)
    place.note(line, code(node), "pass", why=why, signs=signs)
    return cst.Pass(semicolon=node.semicolon)


def _advise_lost(node: cst.ImportFrom, written: str, line: int, place: RuleSite) -> None:
    place.advise(line, code(node), _advice(written), signs=_signs(node, written))


def _advice(module: str) -> Message:
    name = plain(module)
    return next((said for gone, said in _ADVICE.items() if name == gone or name.startswith(f"{gone}.")), _GONE)


def _signs(node: cst.ImportFrom, written: str) -> tuple[str, ...]:
    """Return the text of an error that this import causes: the module is missing, or a name in it is."""
    names = [] if isinstance(node.names, cst.ImportStar) else [f"'{_member(alias)}'" for alias in node.names]
    parts = written.split(".")
    modules = [".".join(parts[:length]) for length in range(2, len(parts) + 1)]
    return (*(f"module named '{module}'" for module in modules), *(f"cannot import name {name}" for name in names))


# Nodes


def _member(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.name) or ""


def _local(alias: cst.ImportAlias) -> str:
    if alias.asname is not None:
        return code(alias.asname.name).strip()
    return _member(alias).partition(".")[0]


def _dotted_node(dotted: str) -> cst.Attribute | cst.Name:
    node = cst.parse_expression(dotted)
    assert isinstance(node, cst.Attribute | cst.Name)  # noqa: S101 - a dotted name
    return node
