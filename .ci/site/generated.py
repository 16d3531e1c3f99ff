"""Pages of the site that are made from code and facts: commands, the gallery, the table of notebooks, and two more.

File formats and checks have a module each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from checks import checks
from formats import formats
from typer.main import get_command
from typer.testing import CliRunner

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts, references_folder
from grader.authoring.assignment_overview import AssignmentOverview, overview_of
from grader.authoring.diagrams import diagram
from grader.authoring.hints import hint_names
from grader.authoring.targets import target
from grader.authoring.tasks import tasks
from grader.authoring.templates import Version, render_script
from grader.cli.app import app

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "docs" / "runs.toml"

WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "commands": "Todos los comandos",
        "commands_text": "Cada texto es lo que imprime `grader COMANDO --help`.",
        "gallery": "Los 21 autoencoders",
        "notebooks": "Los 21 notebooks",
        "parameters": "Parámetros",
        "code": "Números en el código",
        "published": "Publicado",
        "reached": "Alcanzado",
        "free": "libre",
        "exits": "Códigos de salida",
        "exits_text": "0 listo; 1 lo preguntado no pasó (`check`, `demo`, `doctor`, `validate`); 2 uso incorrecto o "
        "entrada ilegible; 3 culpa del calificador. Con `--json` hablan JSON `list`, `check`, `grade`, "
        "`validate` y `doctor`.",
        "gallery_text": "Diagrama, meta y cifras salen de `reference/facts/<id>.json`; *publicado* es la cifra de la "
        "clase, *alcanzado* lo que logran nuestras referencias con datos ocultos (promedios).",
        "notebooks_text": "Hecha por `make site`. Los minutos son de entrenamiento con todos los datos y "
        "estimados para "
        "Colab: CPU, lo medido en un núcleo de otro computador; GPU, pasos × 3 ms (5 con "
        "convoluciones, 12 con LSTM). Las cuatro últimas columnas dicen lo que se ejecutó y cuándo, según "
        "`docs/runs.toml`; “–”: no se ha ejecutado.",
        "diagram": "diagrama",
        "target": "meta",
        "minutes": "minutos CPU · GPU",
        "checks": "verificaciones/celdas por completar",
        "hints": "pistas",
        "links": "enlaces",
        "size": "kB",
        "oldest": "versiones más viejas",
        "newest": "más nuevas",
        "colab": "las de Colab",
        "points": "puntos de la solución",
        "difficulty": "dificultad",
        "yes": "sí",
        "no": "no",
    },
    "en": {
        "commands": "Every command",
        "commands_text": "Each text is what `grader COMMAND --help` prints.",
        "gallery": "The 21 autoencoders",
        "notebooks": "The 21 notebooks",
        "parameters": "Parameters",
        "code": "Numbers in the code",
        "published": "Published",
        "reached": "Reached",
        "free": "free",
        "exits": "Exit status",
        "exits_text": "0 done; 1 the thing asked about did not pass (`check`, `demo`, `doctor`, `validate`); 2 "
        "wrong usage "
        "or unreadable input; 3 the grader's own fault. With `--json`, JSON is spoken by `list`, `check`, `grade`, "
        "`validate` and `doctor`.",
        "gallery_text": "Diagram, goal and figures come from `reference/facts/<id>.json`; *published* is the lecture's "
        "own figure, *reached* what our references reach on hidden data (means).",
        "notebooks_text": "Made by `make site`. Minutes are of training on all the data, and estimated for Colab: CPU, "
        "as measured on one core of another computer; GPU, steps × 3 ms (5 with convolutions, 12 with LSTM). The last "
        "four columns say what was run and when, by `docs/runs.toml`; “–”: not run.",
        "diagram": "diagram",
        "target": "goal",
        "minutes": "minutes CPU · GPU",
        "checks": "checks/cells to complete",
        "hints": "hints",
        "links": "links",
        "size": "kB",
        "oldest": "oldest versions",
        "newest": "newest",
        "colab": "Colab's",
        "points": "points of the solution",
        "difficulty": "difficulty",
        "yes": "yes",
        "no": "no",
    },
}


def pages(language: str) -> dict[str, str]:
    """Return the Markdown of every generated page by its name."""
    return {
        "commands": commands(language),
        "formats": formats(language),
        "checks": checks(language),
        "gallery": gallery(language),
        "notebooks": notebooks(language),
    }


def commands(language: str) -> str:
    """Return the help of every command, as it is printed."""
    words, runner = WORDS[language], CliRunner()
    parts = [f"# {words['commands']}", words["commands_text"], f"## {words['exits']}", words["exits_text"]]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        printed = runner.invoke(app, ["--lang", language, name, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
        parts += [f"## grader {name}", f"```text\n{printed.output.strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def gallery(language: str) -> str:
    """Return every autoencoder with diagram, goal, published and reached figures."""
    words = WORDS[language]
    parts = [f"# {words['gallery']}", words["gallery_text"]]
    for name in assignment_ids():
        assignment = load_assignment(name)
        facts = load_facts(assignment.reference)
        parameters = words["free"] if facts.parameters is None else f"{facts.parameters:,}"
        code = words["free"] if facts.code_size is None else str(facts.code_size)
        parts += [
            f"## {assignment.title[language]} {{ #{name} }}",
            f"`{name}` · {words['parameters']}: {parameters} · {words['code']}: {code}",
            f"**{words['published']}**: {facts.published or '–'}  \n**{words['reached']}**: {facts.reached}",
            diagram(facts, language),
            target(facts, language),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def notebooks(language: str) -> str:
    """Return the table of the notebooks: what each has, and what was run."""
    words, runs = WORDS[language], tomllib.loads(RUNS.read_text("utf-8"))
    columns = (
        "difficulty",
        "diagram",
        "target",
        "minutes",
        "checks",
        "hints",
        "links",
        "size",
        "oldest",
        "newest",
        "colab",
        "points",
    )
    rows = [f"| id | {' | '.join(words[column] for column in columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name in assignment_ids():
        cells = " | ".join(_cells(name, language, runs.get(name, {})))
        rows.append(f"| [`{name}`](gallery.md#{name}) | {cells} |")
    return f"# {words['notebooks']}\n\n{words['notebooks_text']}\n\n" + "\n".join(rows) + "\n"


# ----------------------------------------------------------------------------------------------------------------------


def _cells(name: str, language: str, runs: Mapping[str, str]) -> Iterator[str]:
    assignment = load_assignment(name)
    glance: AssignmentOverview = overview_of(assignment, language, references=references_folder())
    script = render_script(assignment, Version(language, solution=False), references=references_folder())
    wanted, words = {task.name for task in tasks(assignment, language)}, WORDS[language]
    yield glance.difficulty
    yield words["yes"] if glance.diagram else words["no"]
    yield words["yes"] if glance.target else words["no"]
    yield f"{glance.minutes} · {glance.minutes_on_gpu or '–'}"
    yield f"{len(re.findall(r'^grader.check', script, re.MULTILINE))}/{len(wanted)}"
    yield f"{len(wanted & set(hint_names(assignment)))}/{len(wanted)}"
    yield str(len(glance.read))
    yield f"{len(script.encode('utf-8')) / 1000:.0f}"
    for column in ("oldest", "newest", "colab", "points"):
        yield runs.get(column, "–")
