"""Which modules Colab has before a notebook installs anything, and what a notebook's requests would have brought."""

from __future__ import annotations

import pytest

from grader.domain.colab import colab_modules, is_in_colab, is_installed_by


@pytest.mark.parametrize(
    "module",
    [
        "tqdm",
        "cv2",
        "PIL",
        "skimage",
        "sklearn",
        "umap",
        "yaml",
        "bs4",
        "tensorflow_datasets",
        "torch",
        "tensorboard",
        "plotly",
    ],
)
def test_a_module_is_known_by_its_name_in_import(module: str) -> None:
    """Packages often have another one."""
    assert is_in_colab(module)


@pytest.mark.parametrize(
    "module", ["helpers", "utils", "funciones", "tensorflow_addons", "livelossplot", "kears", "cPickle"]
)
def test_what_colab_does_not_have_is_no_lack_of_ours(module: str) -> None:
    """A file of the student's own, a slip of the pen, what must be installed first, Python 2."""
    assert not is_in_colab(module)


def test_the_list_holds_names_that_can_be_imported_and_packages_in_one_spelling() -> None:
    """It is made once from Colab's list of packages."""
    modules = colab_modules()
    assert len(modules) == 592
    assert [name for name in modules if not name.isidentifier()] == []
    assert [one for names in modules.values() for one in names if one != one.lower() or "_" in one] == []


@pytest.mark.parametrize(
    ("module", "request_line", "brought"),
    [
        ("tensorflow_addons", "pip install -q tensorflow-addons", True),
        ("tensorflow_addons", "%pip install tensorflow_addons==0.23 tqdm", True),
        ("umap", "pip3 install umap-learn", True),
        ("git", "pip install gitpython", False),
        ("foo", "pip install python-foo", True),
        ("helpers", "wget https://example.org/course/helpers.py", True),
        ("helpers", "wget https://example.org/course/data.csv", False),
        ("lucid", "git clone https://example.org/lucid.git", True),
        ("helpers", "pip install tqdm", False),
        ("helpers", "google.colab.drive.mount()", False),
        ("mine", "pip install ./mine-1.0.whl", True),
        ("mine", "uv pip install -r requirements.txt", True),
    ],
)
def test_a_request_brings_what_it_names(module: str, request_line: str, *, brought: bool) -> None:
    """One that does not say what it brings may have brought anything."""
    assert is_installed_by(module, [request_line]) is brought
