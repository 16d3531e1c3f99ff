"""Build the documentation site, offline and in both languages: `make site` → `build/site/{es,en}`.

A page is `docs/NAME.LANGUAGE.md`, in every language; the English page about security is `SECURITY.md`. Generated pages
join them. Pages that the table below does not name come under "Operations", so that a new page is never lost.
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

OPERATIONS = "operations"
SECTIONS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "people": ({"es": "Para quién", "en": "For whom"}, ("student", "instructor", "assistant", "author")),
    "grades": (
        {"es": "Las calificaciones", "en": "Grades"},
        ("grade", "grading", "measured", "security", "limits"),
    ),
    "course": ({"es": "El curso", "en": "The course"}, ("gallery", "notebooks", "references")),
    "use": ({"es": "Uso", "en": "Use"}, ("install", "commands", "formats", "checks")),
    OPERATIONS: ({"es": "Operación", "en": "Operations"}, ("operations", "lms", "container", "cluster", "progress")),
    "beside": (
        {"es": "Al lado de otros", "en": "Beside others"},
        ("comparison", "hostile_side_by_side", "benchmarks"),
    ),
    "development": ({"es": "Desarrollo", "en": "Development"}, ("developers",)),
}
ASSETS = ("iframe-worker.js", "site.css", "site.js")
WIDE = ("notebooks", "references")
"""Pages of wide tables: they get the place of the table of contents."""
NAMES = {"es": "Calificador de autoencoders", "en": "Autoencoder grader"}


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
        (out / language / "404.html").unlink()  # its addresses begin with "/": without styles from a file or a folder
    (out / "index.html").write_text(FRONT, "utf-8")
    sys.stdout.write(f"{out}/index.html\n")


def write_sources(folder: Path, language: str) -> list[str]:
    """Write every page of a language, and return their names."""
    folder.mkdir(parents=True)
    shutil.copytree(DOCS / "images", folder / "images")
    (folder / "assets").mkdir()
    for name in ASSETS:
        shutil.copy(Path(__file__).parent / name, folder / "assets" / name)
    written = {name: page_text(source_of(name, language).read_text("utf-8")) for name in hand_written()}
    written |= pages(language)
    for name, text in written.items():
        head = "---\nhide:\n  - toc\n---\n\n" if name in WIDE else ""
        (folder / f"{name}.md").write_text(head + text, "utf-8")
    return list(written)


def hand_written() -> list[str]:
    """Return the names of the pages in `docs/`."""
    return sorted({re.sub(r"\.(es|en)$", "", file.stem) for file in DOCS.glob("*.md")})


def source_of(name: str, language: str) -> Path:
    """Return the file of a page in a language."""
    return ROOT / "SECURITY.md" if (name, language) == ("security", "en") else DOCS / f"{name}.{language}.md"


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
        found = [f"{name}.md" for name in (*listed, *(rest if key == OPERATIONS else ())) if name in names]
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
        "extra_css": [f"assets/{ASSETS[1]}"],
        "extra_javascript": [f"assets/{ASSETS[2]}"],
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
            "polyfills": [f"assets/{ASSETS[0]}"],  # the theme would take it from elsewhere
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
