"""Tables of a class: kept byte for byte, and read for people and times."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.domain.people import Person
from grader.locale import Translator
from grader.roster.matching import Roster, assign
from grader.roster.moments import moment_in_name, written_moment
from grader.roster.reading import read_roster
from grader.roster.sheet import Sheet, SheetError, read_sheet
from grader.roster.times import read_times

BOGOTA = ZoneInfo("America/Bogota")
EN = Translator("en")


def read(folder: Path, content: str | bytes) -> Sheet:
    """A table on disk, read."""
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_sheet(path)


def roster(folder: Path, content: str) -> Roster:
    """The people of a table."""
    return read_roster(read(folder, content).path)


cells = st.text(st.sampled_from('ab ñ,;"\t1'), max_size=6).map(
    lambda text: '"' + text.replace('"', '""') + '"' if text else text
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.booleans(),
)
def test_one_cell_changes_and_no_other_byte(tmp_path_factory, table, separator, end, encoding, last) -> None:
    """Whatever quotes, marks, line ends and encodings a file has."""
    rows = [["first", "second", "third"], *table]
    text = end.join(separator.join(row) for row in rows) + (end if last else "")
    folder = tmp_path_factory.mktemp("t")
    found = read(folder, text.encode(encoding))
    assert found.with_changes({}) == text.encode(encoding)
    new = separator.join(["first", "second", "4"]) + text[len(separator.join(rows[0])) :]
    assert found.with_changes({(0, 2): "4"}) == new.encode(encoding)
    assert read(folder, found.with_changes({(0, 0): 'x";\n,'})).header[0] == 'x";\n,'


@pytest.mark.parametrize("content", [b"", b"\r\n", b'a,b\n"never', b"PK\x03\x04rest", b"a\x00b"])
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    """And never with a traceback."""
    with pytest.raises(SheetError) as caught:
        read(tmp_path, content)
    assert str(tmp_path) in EN.text(caught.value.reason)


def test_a_character_that_the_encoding_lacks_becomes_a_reference(tmp_path: Path) -> None:
    """Feedback is HTML."""
    assert read(tmp_path, "a,ñ\n".encode("cp1252")).with_changes({(0, 0): "≥"}) == "&#8805;,ñ\n".encode("cp1252")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "Nombre;Apellidos;Correo;Grupo\nAna;García López;ana@u.co;A\n",
            Person("Ana García López", "", "ana@u.co", "A", "García López", "Ana"),
        ),
        ("id,name\n0012,Ana García\n", Person("Ana García", "0012")),
        (
            'Student,ID,SIS User ID,SIS Login ID,Section,T (1)\n    Points Possible,,,,,5\n"García, Ana",12,A7,ana,x,\n"Student, Test",99,,,x,\n',
            Person("Ana García", "12", "", "", "García", "Ana", ("ana", "A7")),
        ),
        ("Identificador,Nombre completo\nParticipante12,Ana García\n", Person("Ana García", "12")),
        ("sep=;\ncodigo;estudiante\n7;Ana\n", Person("Ana", also=("7",))),
        ("email\nana@u.co\n", Person("", "", "ana@u.co")),
    ],
    ids=["apart", "number", "canvas", "moodle", "excel", "mail"],
)
def test_people_are_read_from_every_kind_of_table(tmp_path: Path, content: str, expected: Person) -> None:
    """By hand, in Spanish or English, Canvas's gradebook, Moodle's worksheet."""
    assert roster(tmp_path, content).people == (expected,)


def test_a_table_without_people_is_refused(tmp_path: Path) -> None:
    """With its first row, so that one sees why."""
    with pytest.raises(SheetError) as caught:
        roster(tmp_path, "x,y\n1,2\n")
    assert EN.text(caught.value.reason).endswith("its first row is: x, y.")


CLASS = Roster(
    (
        Person("Ana García", "105", "ana.g@u.co"),
        Person("Luis Díaz", "106", "luis@u.co"),
        Person("Luis Diaz", "107", "luis2@u.co"),
        Person("Zoé Ñáñez", "108", group="Equipo 1"),
        Person("Iván Ruiz", "109", group="Equipo 1"),
    )
)


@pytest.mark.parametrize(
    ("student", "ids"),
    [
        ("Ana García-105", ["105"]),
        ("García Ana", ["105"]),
        ("anagarcía-7788", ["105"]),
        ("ana.g", ["105"]),
        ("LUIS@u.co", ["106"]),
        ("Luis Díaz-106", ["106"]),
        ("Luis Díaz", []),
        ("Zoé Ñáñez-105", ["108"]),
        ("Pedro Paz-105", []),
        ("Equipo 1-44", ["108", "109"]),
        ("Zoé Ñáñez-1 + Iván Ruiz-2", ["108", "109"]),
        ("Zoé Ñáñez-1 + Nadie-2", []),
        ("Participante-106", ["106"]),
        ("nadie", []),
    ],
)
def test_a_student_is_matched_where_one_person_fits(student: str, ids: list[str]) -> None:
    """Id, name, mail, group, team; never by a guess between two."""
    match = CLASS.match(student)
    assert [person.identifier for person in match.people] == ids
    assert (match.doubt is None) == bool(ids)


def test_a_person_whom_two_students_claim_is_nobodys() -> None:
    """Both are shown."""
    assert [len(one.people) for one in assign(CLASS, ["Ana García-105", "ana.g", "Zoé Ñáñez"])] == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sunday, 1 March 2026, 11:59 PM", datetime(2026, 3, 2, 4, 59, tzinfo=UTC)),
        ("domingo, 1 de marzo de 2026, 23:59", datetime(2026, 3, 2, 4, 59, tzinfo=UTC)),
        ("1 de septiembre de 2026 12:05 a. m.", datetime(2026, 9, 1, 5, 5, tzinfo=UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 10:00:00 -0500", datetime(2026, 3, 1, 15, tzinfo=UTC)),
        ("2015-02-02 15:58:23.948203 America/Los_Angeles", datetime(2015, 2, 2, 23, 58, 23, tzinfo=UTC)),
        ("25/03/2026 23:59", datetime(2026, 3, 26, 4, 59, tzinfo=UTC)),
        ("03/04/2026 11:59 PM", None),
        ("2026-03-01 10:00 CST", None),
        ("2026-02-30 10:00", None),
        ("2026-03-01 13:00 PM", None),
        ("31 de brumario de 2026, 23:59", None),
        ("ayer", None),
    ],
)
def test_times_are_read_where_they_are_certain(text: str, moment: datetime | None) -> None:
    """In the words of Moodle, of spreadsheets and of people; what could be two moments is none."""
    assert written_moment(text, BOGOTA) == moment


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("tarea_2026-03-01_23-59.ipynb", datetime(2026, 3, 2, 4, 59, tzinfo=UTC)),
        ("ana_20260301T235959.ipynb", datetime(2026, 3, 2, 4, 59, tzinfo=UTC)),
        ("tarea_2026_1.ipynb", None),
        ("tarea_12345678901234.ipynb", None),
    ],
)
def test_times_in_names_of_files(name: str, moment: datetime | None) -> None:
    """Asked for with `--times names` alone."""
    assert moment_in_name(name, BOGOTA) == moment


def test_times_of_a_worksheet_and_what_cannot_be_read_in_it(tmp_path: Path) -> None:
    """A dash is no hand-in; another text is reported with its line. A team has the latest time of its members."""
    content = (
        "Identificador,Nombre completo,Última modificación (entrega)\n"
        'Participante1,Ana Paz,"domingo, 1 de marzo de 2026, 23:59"\nParticipante2,Luis Gil,-\nParticipante3,Iván Ruiz,mañana\n'
        'Participante4,Zoé Paz,"lunes, 2 de marzo de 2026, 01:00"\n'
    )
    table = read_times(read(tmp_path, content).path, BOGOTA)
    assert [table.of(one) for one in ("Ana Paz-1", "Luis Gil-2", "Iván Ruiz-3", "Ana Paz-1 + Zoé Paz-4")] == [
        datetime(2026, 3, 2, 4, 59, tzinfo=UTC),
        None,
        None,
        datetime(2026, 3, 2, 6, 0, tzinfo=UTC),
    ]
    assert [EN.text(one) for one in table.problems] == [
        f"{tmp_path}/table.csv:4: mañana is no time that can be read for certain."
    ]
