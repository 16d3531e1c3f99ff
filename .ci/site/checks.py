"""The page about the checks that a rubric may name: titles, settings, and which assignments use them, from the code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.checks.check_registry import CHECKS
from grader.checks.core.check import Check, TrainingUse
from grader.domain.assignment import ParameterValue, RubricItem
from grader.locale import Translator

WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "title": "Las verificaciones",
        "intro": "Lo que una rúbrica puede pedir, `[[rubric]]` en `assignment.toml`. Todo sale del código y de las "
        "21 tareas; la página en inglés agrega lo que dice el código de cada una. Una verificación compara lo medido "
        "con la referencia de la tarea; los números con los que compara salen de `reference/facts/`, no de la "
        "rúbrica. [Así se hace una calificación](grade.md).",
        "used": "Puntos por tarea",
        "nobody": "Ninguna de las 21 tareas la usa; una tarea propia puede.",
        "setting": "ajuste",
        "default": "si falta",
        "meaning": "significado",
        "empty": "vacío",
        "yes": "`true`",
        "no": "`false`",
        TrainingUse.NONE: "No depende del entrenamiento.",
        TrainingUse.RECONSTRUCTION: "Toma del entrenamiento un solo número, el error de reconstrucción: un "
        "entrenamiento puede terminarse antes.",
        TrainingUse.DENOISING: "Toma del entrenamiento un solo número, el error de las imágenes limpiadas: un "
        "entrenamiento puede terminarse antes.",
        TrainingUse.WHOLE: "Necesita los entrenamientos enteros: ninguno se acorta.",
    },
    "en": {
        "title": "Checks",
        "intro": "What a rubric may ask for, `[[rubric]]` in `assignment.toml`. All of it comes from the code and "
        "from the 21 assignments. A check compares what was measured with the reference of the assignment; the "
        "numbers that it compares with come from `reference/facts/`, not from the rubric. [How a grade is "
        "made](grade.md).",
        "used": "Points, by assignment",
        "nobody": "None of the 21 assignments uses it; one of your own may.",
        "setting": "setting",
        "default": "left out",
        "meaning": "meaning",
        "empty": "empty",
        "yes": "`true`",
        "no": "`false`",
        TrainingUse.NONE: "It does not depend on the training.",
        TrainingUse.RECONSTRUCTION: "It takes one number from the training, the error of reconstructions: a "
        "training may be ended early.",
        TrainingUse.DENOISING: "It takes one number from the training, the error of cleaned images: a training may "
        "be ended early.",
        TrainingUse.WHOLE: "It needs the whole trainings: none is shortened.",
    },
}


def checks(language: str) -> str:
    """Return the Markdown of the page, in the order of the registry."""
    words = WORDS[language]
    parts = [f"# {words['title']}", words["intro"]]
    used = _used()
    for name in CHECKS:
        parts += _check(CHECKS[name], used.get(name, {}), language)
    return "\n\n".join(part for part in parts if part) + "\n"


# ----------------------------------------------------------------------------------------------------------------------


def _used() -> dict[str, dict[str, RubricItem]]:
    """Return what each assignment asks of a check, by the ids of check and assignment."""
    used: dict[str, dict[str, RubricItem]] = defaultdict(dict)
    for name in assignment_ids():
        for item in load_assignment(name).rubric:
            used[item.check][name] = item
    return used


def _check(check: Check, used: Mapping[str, RubricItem], language: str) -> list[str]:
    words = WORDS[language]
    titles = dict.fromkeys(item.title[language] for item in used.values())
    parts = [f"## `{check.id}` {{ #{check.id} }}"]
    parts += ["\n".join(f"- {title}" for title in titles)] if titles else []
    parts += [check.docstring.partition("\n\nReturns:")[0]] if language == "en" else []
    parts.append(words[check.needs.training])
    if check.parameters:
        rows = [f"| {words['setting']} | {words['default']} | {words['meaning']} |", "|---|---|---|"]
        translator = Translator(language)
        for parameter in check.parameters:
            meaning = translator.text(parameter.meaning).replace("|", "\\|")
            rows.append(f"| `{parameter.name}` | {_shown(parameter.default, words)} | {meaning} |")
        parts.append("\n".join(rows))
    by_points: dict[float, list[str]] = defaultdict(list)
    for name, item in used.items():
        by_points[item.points].append(f"[`{name}`](gallery.md#{name})")
    rows = [f"- {points:g}: {', '.join(names)}" for points, names in sorted(by_points.items())]
    return [*parts, f"**{words['used']}**\n\n" + "\n".join(rows) if rows else words["nobody"]]


def _shown(value: ParameterValue, words: Mapping[str, str]) -> str:
    """Return a default as it stands in an `assignment.toml`."""
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value) or words["empty"]
    return f"`{value}`"
