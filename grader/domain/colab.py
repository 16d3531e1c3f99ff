"""What Colab has preinstalled, so that "only Colab has this module" can be distinguished from "no machine has it"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

_SEPARATORS = re.compile(r"[-_.]+")
_FETCHES = re.compile(r"\s*(?:sudo\s+)?(?:wget|curl|gdown|git)\b")
_FETCHED = re.compile(r"\b(\w{1,100})\.py\b")
_INSTALLS = re.compile(r"\b(?:pip3?|conda|mamba|uv)\b.*?\b(?:install|add)\b(?P<what>.*)")
_REQUIREMENT = re.compile(r"[A-Za-z][\w.\-]*")
_ADDRESS = re.compile(r"\bgit\+\S*/|(?:https?|ssh)://\S*/")


@functools.cache
def colab_modules() -> Mapping[str, frozenset[str]]:
    """Return the packages that provide each module, by its import name: `{"skimage": {"scikit-image"}, …}`."""
    lines = files("grader.domain").joinpath("colab_modules.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {module: frozenset(packages) for module, *packages in rows}


def is_in_colab(module: str) -> bool:
    """Return whether a notebook in Colab can import this top-level module without installing anything."""
    return module in colab_modules()


def is_installed_by(module: str, requests: Iterable[str]) -> bool:
    """Return whether one of a notebook's requests (`pip install -q umap-learn`) would have installed a module.

    A downloaded file of that name counts (`wget …/helpers.py`). A request of unknown content (`-r requirements.txt`, an
    address, `git clone`) counts as well, since it may have held the module.
    """
    wanted = {_plain(module), *colab_modules().get(module, ())}
    return any(name is None or _matches(name, wanted) for request in requests for name in _installed(request))


def _installed(request: str) -> Iterator[str | None]:
    """Yield the names of the packages that a request installs; None for a request of unknown content."""
    if _FETCHES.match(request):
        yield from (_plain(name) for name in _FETCHED.findall(request))
        if "clone" in request:
            yield None
    found = _INSTALLS.search(request)
    words = [] if found is None else found["what"].replace("'", " ").replace('"', " ").split()
    for word in words:
        if word in ("-r", "--requirement") or _ADDRESS.search(word) or word.endswith((".whl", ".zip", ".tar.gz")):
            yield None
        elif name := _REQUIREMENT.match(word):
            yield _plain(name[0])


def _matches(package: str, wanted: set[str]) -> bool:
    """Compare names without common affixes: `opencv-python` brings `cv2`, `python-foo` and `pyfoo` bring `foo`."""
    trimmed = package.removeprefix("python-").removesuffix("-python").removeprefix("py")
    return package in wanted or trimmed in wanted


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).strip("-").lower()
