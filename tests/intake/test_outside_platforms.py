"""A platform of another package: its download is read like Moodle's, and a broken one stops intake with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_samples import notebook_bytes, plant, reported, zip_bytes
from toy_packages import install, run_with

from grader.intake.intake_errors import IntakeError
from grader.intake.platforms import platform_registry
from grader.intake.submissions import collect

PLATFORM = '''
from datetime import UTC, datetime

from grader.intake.owners import Owner
from grader.intake.platforms.platform import Platform


class Chalkboard(Platform):
    """`2026-03-01 · Ana García · t.ipynb`: the day, the student, the file."""

    name = "Chalkboard"
    own_files = frozenset({"receipt.txt"})

    def owners_of_files(self, filenames):
        parts = {name: name.split(" · ") for name in filenames}
        return {
            name: Owner(student, submitted_at=datetime.fromisoformat(day).replace(tzinfo=UTC))
            for name, (day, student, _) in ((n, p) for n, p in parts.items() if len(p) == 3)
        }


PLATFORM = Chalkboard()
'''

COLLECT = """
import json
import sys
from pathlib import Path
from grader.intake.submissions import gather

found = gather([Path(sys.argv[1])], Path(sys.argv[2]))
print(json.dumps([[[one.student, one.submitted_at.isoformat()] for one in found.submissions], found.passed_over]))
"""

DOWNLOAD = {
    "2026-03-01 · Ana García · t.ipynb": notebook_bytes("a = 1"),
    "2026-03-02 · Luis · t.ipynb": notebook_bytes("b = 2"),
    "receipt.txt": b"2 hand-ins",
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_the_download_of_another_packages_platform_is_read(tmp_path: Path, packed: bool) -> None:
    """Students and times are those that it says, and its own file is nobody's work."""
    toy = install(
        tmp_path / "site",
        {"toy_platform": PLATFORM},
        {platform_registry.GROUP: {"chalkboard": "toy_platform:PLATFORM"}},
    )
    download = tmp_path / "class.zip" if packed else plant(tmp_path / "class", DOWNLOAD)
    if packed:
        download.write_bytes(zip_bytes(DOWNLOAD))
    done = run_with(toy, "-c", COLLECT, str(download), str(tmp_path / "work"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [["Ana García", "2026-03-01T00:00:00+00:00"], ["Luis", "2026-03-02T00:00:00+00:00"]],
        [],
    ]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on Python's path; the platforms are looked up anew in it, and without it afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    platform_registry.platforms.cache_clear()
    yield tmp_path / "site"
    platform_registry.platforms.cache_clear()


def test_a_platform_that_cannot_be_used_stops_intake(site: Path, tmp_path: Path) -> None:
    """Without it a class might be attributed to the wrong people, so that nothing is graded."""
    install(
        site,
        {"toy_platform": "import a_module_that_nobody_has"},
        {platform_registry.GROUP: {"chalkboard": "toy_platform:P"}},
    )
    with pytest.raises(IntakeError) as refused:
        collect([plant(tmp_path / "class", DOWNLOAD)], tmp_path / "work")
    assert reported(refused.value.reason) == (
        "The package toy could not be used (chalkboard): ModuleNotFoundError: No module named "
        "'a_module_that_nobody_has'. Repair or uninstall this package."
    )
