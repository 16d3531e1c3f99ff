"""Folders that a notebook may have written: closed to everybody else, deleted whatever is in them, and after a kill."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.domain import folders
from grader.domain.folders import delete, delete_abandoned, private_folder, require_closed, without_set_id

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="folders are opened from inside on Linux alone")

DEEP = 3000
HOLDER = """
import sys
from grader.domain.folders import private_folder
with private_folder() as folder:
    (folder / "left").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, not looked through yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(folders, "_swept", set())
    return tmp_path


def nest(folder: Path, depth: int, *, mode: int = 0o755) -> None:
    """Make folders in folders, as deep as asked."""
    above = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=above)
        inner = os.open("d", os.O_RDONLY, dir_fd=above)
        os.fchmod(above, mode)
        os.close(above)
        above = inner
    os.close(above)


def test_nobody_else_may_enter_what_is_lent(base: Path) -> None:
    """Whatever rights the lent folder itself is given later."""
    with private_folder() as folder:
        folder.chmod(0o777)
        require_closed(folder)
        assert (stat.S_IMODE(folder.parent.stat().st_mode), folder.parent.parent) == (0o700, base)
    assert list(base.iterdir()) == []


def test_a_folder_that_others_may_enter_is_refused() -> None:
    """The root of the machine, and what is open all the way down."""
    with pytest.raises(PermissionError, match="every user of this machine may enter it"):
        require_closed(Path("/"))


def test_folders_in_folders_in_folders_are_deleted(tmp_path: Path) -> None:
    """Three thousand, which neither recursion nor a path reaches, with closed ones and files among them."""
    tree = tmp_path / "tree"
    tree.mkdir()
    nest(tree, DEEP)
    for number in range(20):
        (tree / str(number)).mkdir()
        (tree / str(number) / "file").touch()
        (tree / str(number)).chmod(0)
    delete(tree)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    """What it leads to keeps its files and its rights."""
    (tmp_path / "kept").mkdir(mode=0o500)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "kept")
    delete(tmp_path / "tree")
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o500
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        delete(tmp_path / "link")


def test_programs_that_run_as_their_owner_lose_that(tmp_path: Path) -> None:
    """Everything else stays as it is, except for what is nested deeper than the limit."""
    (tmp_path / "a").mkdir()
    for name, mode in (("one", 0o4755), ("a/two", 0o2711), ("three", 0o644)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    nest(tmp_path, DEEP)
    without_set_id(tmp_path, deepest=4)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("one", "a/two", "three")}
    assert modes == {"one": 0o600, "a/two": 0o600, "three": 0o644}
    assert ((tmp_path / "d/d/d/d").is_dir(), (tmp_path / "d/d/d/d/d").exists()) == (True, False)


def test_folders_of_a_killed_grader_are_deleted_by_the_next(base: Path) -> None:
    """Those of a living one are not."""
    environment = os.environ | {"TMPDIR": str(base)}
    graders = [
        subprocess.Popen([sys.executable, "-c", HOLDER], stdin=-1, stdout=-1, env=environment, text=True)
        for _ in range(2)
    ]
    dead, living = (Path(grader.stdout.readline().strip()) for grader in graders)
    graders[0].kill()
    graders[0].wait()
    try:
        assert (dead.is_dir(), living.is_dir()) == (True, True)
        with private_folder():
            assert (dead.parent.exists(), living.is_dir()) == (False, True)
    finally:
        for grader in graders:
            grader.communicate("")


def test_a_folder_that_was_never_locked_is_deleted_when_it_is_old(base: Path) -> None:
    """Its grader was killed in the instant between; a new one may be just there."""
    for name, age in (("agn-new", 0), ("agn-old", 3600)):
        (base / name).mkdir()
        os.utime(base / name, (0, (base / name).stat().st_mtime - age))
    delete_abandoned(base)
    assert [path.name for path in base.iterdir()] == ["agn-new"]


def test_what_is_not_ours_is_left_alone(base: Path) -> None:
    """Other names, files and links of our name."""
    (base / "other").mkdir()
    (base / "agr-file").touch()
    (base / "agr-link").symlink_to(base / "other")
    delete_abandoned(base)
    assert sorted(path.name for path in base.iterdir()) == ["agr-file", "agr-link", "other"]
