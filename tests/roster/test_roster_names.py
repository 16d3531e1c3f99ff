"""Names and ids apart, names compared and sorted as people do."""

from __future__ import annotations

import pytest

from grader.domain.people import same_name, sorting_key, split_student


@pytest.mark.parametrize(
    ("student", "parts"),
    [
        ("Andrés Felipe Rodríguez-105", ("Andrés Felipe Rodríguez", "105")),
        ("garcialopezana-1234", ("garcialopezana", "1234")),
        ("anon-hJ3kq", ("anon", "hJ3kq")),
        ("María-José Peña-7", ("María-José Peña", "7")),
        ("María-José", ("María-José", "")),
        ("ana", ("ana", "")),
        ("-7", ("-7", "")),
        ("Ana García-1 + Luis Díaz-2", ("Ana García + Luis Díaz", "")),
    ],
)
def test_name_and_id_come_apart(student: str, parts: tuple[str, str]) -> None:
    """The name keeps its accents and its own hyphens."""
    assert split_student(student) == parts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana García López", "García López, Ana", True),
        ("garcíalópezana", "García López, Ana", True),
        ("ANA  GARCIA lopez", "Ana García López", True),
        ("Zoe\u0301 Ñáñez", "Zoé Ñáñez", True),
        ("Ana García", "Ana García López", False),
        ("Ana López García", "Ana Garcia", False),
        ("", "", False),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str, same: bool) -> None:
    """Order of words, accents, capitals and blanks say nothing; a word more is another person."""
    assert same_name(one, other) == same


SPANISH = [
    "Alvarez",
    "Álvarez",
    "Alzate",
    "Grupo 2",
    "Grupo 10",
    "Nunez",
    "Núñez",
    "Nuno",
    "Nuño",
    "Nz",
    "Ñáñez",
    "Oviedo",
    "Zoé",
]


def test_spanish_has_a_letter_after_n() -> None:
    """ñ follows every other n, accents only break ties, and numbers count."""
    shuffled = [*SPANISH[6:], *SPANISH[:6]]
    assert sorted(shuffled, key=lambda name: sorting_key(name, "es")) == [
        "Alvarez",
        "Álvarez",
        "Alzate",
        "Grupo 2",
        "Grupo 10",
        "Nunez",
        "Nuno",
        "Núñez",
        "Nuño",
        "Nz",
        "Ñáñez",
        "Oviedo",
        "Zoé",
    ]


def test_english_takes_it_for_an_n_with_a_mark() -> None:
    """The same list, another order."""
    order = sorted(SPANISH, key=lambda name: sorting_key(name, "en"))
    assert order[5:10] == ["Ñáñez", "Nunez", "Núñez", "Nuno", "Nuño"]


def test_words_end_before_letters() -> None:
    """`Ana Zea` stands before `Anabel`, whatever parts words."""
    assert sorted(["Anabel", "Ana-Zea", "Ana Yepes"], key=lambda name: sorting_key(name, "es")) == [
        "Ana Yepes",
        "Ana-Zea",
        "Anabel",
    ]
