"""Build the documentation site, offline and in both languages: `make site` → `build/site/{es,en}`.

A page is `docs/NAME.LANGUAGE.md`, or `docs/NAME.md` where there is one language only; generated pages join them. Pages
that the table below does not name come under "Operations", so that a new page is never lost.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from generated import pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("es", "en")

SECTIONS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "people": ({"es": "Para quién", "en": "For whom"}, ("student", "instructor", "assistant", "author")),
    "grades": (
        {"es": "Las calificaciones", "en": "Grades"},
        ("grade", "grading", "measured", "security", "limits", "comparison"),
    ),
    "course": ({"es": "El curso", "en": "The course"}, ("gallery", "notebooks", "references")),
    "use": ({"es": "Uso", "en": "Use"}, ("install", "commands", "formats")),
    "operations": ({"es": "Operación", "en": "Operations"}, ()),
}
WORKER = "iframe-worker.js"
NAMES = {"es": "Calificador de autoencoders", "en": "Autoencoder grader"}
ONLY_IN = {
    "es": '!!! note ""\n    Esta página existe solo en inglés.\n\n',
    "en": '!!! note ""\n    This page exists in Spanish only.\n\n',
}


def main() -> None:
    """Write the sources of each language, and let MkDocs make pages of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    out = parser.parse_args().out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    for language in LANGUAGES:
        source = out.parent / f"{out.name}-source" / language
        shutil.rmtree(source, ignore_errors=True)
        names = write_sources(source / "docs", language)
        settings = source / "mkdocs.yml"
        settings.write_text(yaml.safe_dump(configuration(names, language, out), allow_unicode=True), "utf-8")
        subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(settings)],
            check=True,
            env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"},
        )
    (out / "index.html").write_text(FRONT, "utf-8")
    sys.stdout.write(f"{out}/index.html\n")


def write_sources(folder: Path, language: str) -> list[str]:
    """Write every page of a language, and return their names."""
    folder.mkdir(parents=True)
    shutil.copytree(DOCS / "images", folder / "images")
    (folder / "assets").mkdir()
    shutil.copy(Path(__file__).parent / WORKER, folder / "assets" / WORKER)
    written = {name: page_of(name, language) for name in hand_written()} | pages(language)
    written["security"] = page_text((ROOT / "SECURITY.md").read_text("utf-8"))
    if language == "es":
        written["security"] = ONLY_IN["es"] + written["security"]
    for name, text in written.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    return list(written)


def hand_written() -> list[str]:
    """Return the names of the pages in `docs/`."""
    return sorted({re.sub(r"\.(es|en)$", "", file.stem) for file in DOCS.glob("*.md")})


def page_of(name: str, language: str) -> str:
    """Return a page in a language, with a remark where it exists in the other alone."""
    other = LANGUAGES[1 - LANGUAGES.index(language)]
    own, plain, foreign = (DOCS / f"{name}{suffix}.md" for suffix in (f".{language}", "", f".{other}"))
    if own.is_file():
        return page_text(own.read_text("utf-8"))
    if plain.is_file():
        return (ONLY_IN["es"] if language == "es" else "") + page_text(plain.read_text("utf-8"))
    return ONLY_IN[language] + page_text(foreign.read_text("utf-8"))


def page_text(text: str) -> str:
    """Return a page with its links to other pages and to files of the repository as the site has them."""
    text = re.sub(r"\]\((?:docs/)?([\w-]+)\.(?:es|en)\.md(#[\w-]+)?\)", r"](\1.md\2)", text)
    text = re.sub(r"\]\((?:\.\./)?SECURITY\.md\)", "](security.md)", text)
    return re.sub(
        r"\[([^\]]+)\]\((?:\.\./)?(?:CONTRIBUTING|ARCHITECTURE|CHANGELOG|NOTICE|README)(?:\.md)?\)", r"`\1`", text
    )


def configuration(names: list[str], language: str, out: Path) -> dict[str, object]:
    """Return MkDocs's settings: Material, no fonts or scripts from elsewhere."""
    known = {name for _, (_, listed) in SECTIONS.items() for name in listed} | {"index"}
    rest = tuple(name for name in names if name not in known)
    navigation: list[object] = ["index.md"]
    for key, (title, listed) in SECTIONS.items():
        found = [f"{name}.md" for name in (rest if key == "operations" else listed) if name in names]
        if found:
            navigation.append({title[language]: found})
    return {
        "site_name": NAMES[language],
        "docs_dir": "docs",
        "site_dir": str(out / language),
        "use_directory_urls": False,
        "nav": navigation,
        "theme": {
            "name": "material",
            "language": language,
            "font": False,
            "features": [
                "navigation.indexes",
                "navigation.sections",
                "navigation.top",
                "content.code.copy",
                "search.suggest",
            ],
            "palette": [
                {
                    "media": "(prefers-color-scheme: light)",
                    "scheme": "default",
                    "primary": "indigo",
                    "toggle": {"icon": "material/weather-night", "name": "☾"},
                },
                {
                    "media": "(prefers-color-scheme: dark)",
                    "scheme": "slate",
                    "primary": "indigo",
                    "toggle": {"icon": "material/weather-sunny", "name": "☀"},
                },
            ],
        },
        "plugins": [{"search": {"lang": [language]}}, "offline"],
        "markdown_extensions": [
            "admonition",
            "attr_list",
            "md_in_html",
            "tables",
            "pymdownx.superfences",
            {"toc": {"permalink": True}},
        ],
        "extra": {
            "generator": False,
            "polyfills": [f"assets/{WORKER}"],  # the theme would take it from elsewhere
            "alternate": [
                {"name": name, "link": f"../{code}/index.html", "lang": code}
                for code, name in (("es", "Español"), ("en", "English"))
            ],
        },
        "validation": {"links": {"anchors": "warn", "unrecognized_links": "warn"}},
    }


FRONT = """<!doctype html>
<html lang="es"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>autoencoder-grader</title>
<style>body{font-family:sans-serif;margin:15vh auto;max-width:30em;padding:1em}a{display:block;margin:.6em 0}</style>
</head><body><h1>autoencoder-grader</h1><a lang="es" href="es/index.html">Español</a>
<a lang="en" href="en/index.html">English</a></body></html>
"""

if __name__ == "__main__":
    main()
