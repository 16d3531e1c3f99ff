"""What was handed in beside a notebook: laid beside it where its owner is certain and its name harmless."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake_samples import notebook_bytes, plant, reported, zip_bytes

from grader.domain.submission import Submission
from grader.intake import companions
from grader.intake.companions import vetted_name
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect

ANA, LUIS = (notebook_bytes(f"print('{name}')") for name in ("ana", "luis"))
HELPER = b"def build():\n    return 1\n"


def beside(submission: Submission) -> tuple[list[str], list[str]]:
    """Names of what is laid beside a notebook and of what is not."""
    return [one.name for one in submission.companions], list(submission.passed_over)


def by_student(found: list[Submission]) -> dict[str, tuple[list[str], list[str]]]:
    return {one.student: beside(one) for one in found}


def test_a_students_zip_brings_its_helper_modules_and_small_data(tmp_path: Path) -> None:
    """Weights and pictures of other kinds are passed over; what the system put there is not even named."""
    files = {
        "taller.ipynb": ANA, "helpers.py": HELPER, "paquete/__init__.py": b"", "paquete/capas.py": HELPER,
        "datos/mis datos.csv": b"1,2\n", "pesos.weights.h5": b"x", "modelo.keras": b"x", "informe.pdf": b"x",
        "__MACOSX/._helpers.py": b"x", "__pycache__/helpers.cpython-311.pyc": b"x",
    }  # fmt: skip
    path = tmp_path / "ana.zip"
    path.write_bytes(zip_bytes(files))
    (submission,) = collect([path], tmp_path / "work")
    assert beside(submission) == (
        ["datos/mis datos.csv", "helpers.py", "paquete/__init__.py", "paquete/capas.py"],
        ["informe.pdf", "modelo.keras", "pesos.weights.h5"],
    )
    assert next(one for one in submission.companions if one.name == "helpers.py").path.read_bytes() == HELPER
    laid, passed_over = read_notebook(submission).notes
    assert reported(laid) == (
        "Laid beside the notebook, as handed in: datos/mis datos.csv, helpers.py, paquete/__init__.py, paquete/capas.py."
    )
    assert reported(passed_over).startswith(
        "Handed in beside the notebook and not used: informe.pdf, modelo.keras, pesos.weights.h5. "
    )


def test_a_folder_for_each_student_keeps_their_files_apart(tmp_path: Path) -> None:
    """Each has a helper of the same name."""
    files = {"ana/t.ipynb": ANA, "ana/helpers.py": b"a", "luis/t.ipynb": LUIS, "luis/helpers.py": b"b"}
    found = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    assert by_student(found) == {"ana": (["helpers.py"], []), "luis": (["helpers.py"], [])}
    assert [one.companions[0].path.read_bytes() for one in found] == [b"a", b"b"]


def test_in_a_flat_folder_of_several_students_nobody_knows_whose_a_file_is(tmp_path: Path) -> None:
    """Neither gets it."""
    files = {"ana.ipynb": ANA, "luis.ipynb": LUIS, "helpers.py": HELPER}
    found = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    assert by_student(found) == {"ana": ([], []), "luis": ([], [])}


def test_a_file_above_the_students_folders_is_nobodys(tmp_path: Path) -> None:
    """An instructor's solution lies there."""
    files = {"ana/t.ipynb": ANA, "luis/t.ipynb": LUIS, "solution.py": HELPER}
    found = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    assert by_student(found) == {"ana": ([], []), "luis": ([], [])}


def test_a_folder_around_other_students_folders_is_not_ones_own(tmp_path: Path) -> None:
    """Ana's notebook lies beside the others' folders."""
    files = {"t.ipynb": ANA, "helpers.py": HELPER, "luis/t2.ipynb": LUIS}
    found = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    assert all(not one.companions for one in found if one.filename == "t.ipynb")


@pytest.mark.parametrize("packed", [False, True])
def test_a_platforms_download_brings_the_files_of_each_hand_in(tmp_path: Path, *, packed: bool) -> None:
    """Unpacked, or as the zip that Moodle gives."""
    files = {
        "Ana García_12_assignsubmission_file_/tarea.ipynb": ANA,
        "Ana García_12_assignsubmission_file_/helpers.py": HELPER,
        "Eva Núñez_14_assignsubmission_file_/tarea.ipynb": LUIS,
    }
    path = tmp_path / "class.zip"
    path.write_bytes(zip_bytes(files))
    found = collect([path if packed else plant(tmp_path / "class", files)], tmp_path / "work")
    assert by_student(found) == {"Ana García-12": (["helpers.py"], []), "Eva Núñez-14": ([], [])}


def test_a_notebook_alone_has_nothing_beside_it_unless_its_folder_is_its_authors(tmp_path: Path) -> None:
    """`grader check` is run by the student, `grader grade` on a file of anybody's."""
    folder = plant(tmp_path / "mine", {"t.ipynb": ANA, "helpers.py": HELPER, ".secret.py": b"", "below/other.py": b""})
    assert beside(collect([folder / "t.ipynb"], tmp_path / "work")[0]) == ([], [])
    assert beside(collect([folder / "t.ipynb"], tmp_path / "work", with_folder=True)[0]) == (["helpers.py"], [])


@pytest.mark.parametrize(
    "parts",
    [
        ("numpy.py",), ("keras.py",), ("Keras.py",), ("os.py",), ("antigravity.py",), ("sitecustomize.py",),
        ("usercustomize.py",), ("grader.py",), ("reference.py",), ("grader_probe.py",), ("umap.py",), ("torch.py",),
        ("tqdm.py",), ("livelossplot.py",), ("tensorflow_datasets.py",), ("google.py",), ("_ctypes.py",),
        ("numpy", "__init__.py"), ("json", "data.json"), ("keras", "datasets", "mnist.py"), ("a", "b", "c", "d", "e.py"),
        ("..", "helpers.py"), ("helpers.py", "..", "x.py"), (".hidden.py",), ("a b.py",), ("ñ\n.py",), ("x.pth",),
        ("x.so",), ("x.pyc",), ("x.ipynb",), ("x.npz",), ("x.npy",), ("x.pkl",), ("x.h5",), ("x.keras",), ("x",),
        ("creditcard.csv",), ("-rf.csv",), (),
    ],
)  # fmt: skip
def test_no_name_takes_the_place_of_a_module_or_leads_out_of_the_folder(parts: tuple[str, ...]) -> None:
    """Python's own, installed ones, Colab's, ours, and what may be loaded without being asked for."""
    assert vetted_name(parts) is None


@pytest.mark.parametrize(
    "parts",
    [("helpers.py",), ("utils.py",), ("mis_capas", "__init__.py"), ("datos", "a-b (1).csv"), ("foto.JPG",), ("x.txt",)],
)
def test_an_ordinary_name_stays_as_it_is(parts: tuple[str, ...]) -> None:
    """With its folders."""
    assert vetted_name(parts) == "/".join(parts)


def test_large_files_and_too_many_of_them_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by its own size, one for the sum, the rest for their number."""
    monkeypatch.setattr(companions, "COUNT_LIMIT", 3)
    monkeypatch.setattr(companions, "TOTAL_LIMIT_BYTES", 25)
    monkeypatch.setattr(companions, "DATA_LIMIT_BYTES", 15)
    files = {"t.ipynb": ANA, "a.csv": b"0" * 15, "b.csv": b"0" * 16, "c.csv": b"0" * 12, "d.py": b"1", "e.py": b"1"}
    path = tmp_path / "ana.zip"
    path.write_bytes(zip_bytes(files))
    (submission,) = collect([path], tmp_path / "work")
    assert beside(submission) == (["a.csv", "d.py"], ["b.csv", "c.csv", "e.py"])
