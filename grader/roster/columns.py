"""Finds the columns of a table of students, in several languages and platforms.

Titles are compared folded (`grader.domain.people.folded`): no accents, no capitals, no brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from grader.domain.people import folded


class Column(StrEnum):
    """The kinds of columns in a class's table."""

    IDENTIFIER = "identifier"
    NAME = "name"
    FAMILY_NAME = "family name"
    GIVEN_NAME = "given name"
    EMAIL = "e-mail"
    GROUP = "group"
    LOGIN = "login"
    NUMBER = "number"
    TIME = "time"
    GRADE = "grade"
    MAXIMUM = "maximum"
    CHANGEABLE = "changeable"
    GRADED_AT = "graded at"
    FEEDBACK = "feedback"


TITLES: Final = MappingProxyType(
    {
        Column.IDENTIFIER: ("identifier", "identificador", "id", "student id", "student", "participante"),
        Column.NAME: (
            *(
                "full name",
                "nombre completo",
                "name",
                "nombre",
                "student",
                "estudiante",
                "alumno",
                "nombres y apellidos",
            ),
            *("apellidos y nombres", "student name", "nombre del estudiante", "apellido s y nombre"),
        ),
        Column.FAMILY_NAME: ("last name", "lastname", "surname", "family name", "apellido", "apellidos", "apellido s"),
        Column.GIVEN_NAME: ("first name", "firstname", "given name", "nombres", "nombre s", "nombre"),
        Column.EMAIL: (
            *("email address", "email", "e mail", "mail", "correo", "correo electronico", "direccion de correo"),
            *("direccion de correo electronico", "direccion email", "correo institucional"),
        ),
        Column.GROUP: ("group", "groups", "grupo", "grupos", "equipo", "equipos", "team", "teams"),
        Column.LOGIN: ("sis login id", "login", "username", "user", "usuario", "nombre de usuario"),
        Column.NUMBER: (
            *("sis user id", "sid", "id number", "numero de id", "numero de identificacion", "codigo", "matricula"),
            *("codigo estudiantil", "documento", "carne", "student number", "integration id"),
        ),
        Column.TIME: (
            *("last modified submission", "ultima modificacion entrega", "ultima modificacion envio", "submitted at"),
            *("submission time", "submitted", "time", "timestamp", "hora de entrega", "fecha de entrega", "entregado"),
            *("hora", "fecha", "entrega", "until", "extended until", "extension", "hasta", "plazo", "prorroga"),
        ),
        Column.GRADE: ("grade", "calificacion", "nota", "puntaje"),
        Column.MAXIMUM: ("maximum grade", "calificacion maxima", "nota maxima", "puntaje maximo", "max grade"),
        Column.CHANGEABLE: (
            *("grade can be changed", "la calificacion puede ser cambiada", "la calificacion puede ser modificada"),
            *("la calificacion se puede cambiar", "se puede cambiar la calificacion"),
        ),
        Column.GRADED_AT: ("last modified grade", "ultima modificacion calificacion", "ultima modificacion nota"),
        Column.FEEDBACK: (
            *("feedback comments", "comentarios de retroalimentacion", "comentarios de realimentacion"),
            *("comentarios de retroalimentacion", "comentarios", "comentarios de la retroalimentacion", "feedback"),
        ),
    }
)
"""Titles of each column, folded, in English and in the Spanish of several sites."""


def find_column(header: Sequence[str], column: Column) -> int | None:
    """Return the position of a column, by its titles in their order of certainty; None if there is none."""
    titles = [folded(title) for title in header]
    return next((titles.index(title) for title in TITLES[column] if title in titles), None)
