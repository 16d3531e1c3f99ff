"""Usage, options, first steps: texts that typer and click have in English, here in the reader's language.

`--lang` counts anywhere in the command line, also for help texts and errors.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from grader.cli.command_language import Exit, colours, complain, error_border, translated, using_language
from grader.cli.usage_errors import ask_for_help, explain, is_usage_error, unknown_command
from grader.domain.messages import Message, message
from grader.locale import LANGUAGES

Function = TypeVar("Function", bound=Callable[..., Any])

_WIDEST: Final = 100
_MARGIN: Final = "  "
_WIDEST_TERM: Final = 30

_sentences: dict[str, Message] = {}


def help_text(sentence: Message) -> str:
    """Return a help text for typer at import, and remember the sentence for another language later."""
    text = translated(sentence)
    _sentences[text] = sentence
    return text


_TYPERS_OWN: Final = {
    "help": message("Show this help."),
    "install_completion": message("Install completion for your shell."),
    "show_completion": message("Print the completion for your shell, to copy or adapt it."),
}
"""Options that typer and click add themselves, by name."""


def asked_language(arguments: Sequence[str]) -> str | None:
    """Return the language that a command line asks for with `--lang`, None if there is none that we support."""
    asked = None
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang":
            asked = value if equals else next(iter(arguments[position + 1 : position + 2]), None)
    return asked if asked in LANGUAGES else None


class TranslatedCommand(TyperCommand):
    """A command whose help is in the reader's language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - click's, which typer holds a copy of
        """Write usage, sentence, arguments and options."""
        formatter.write("\n".join(_help_lines(self, ctx)) + "\n")


class TranslatedGroup(TyperGroup):
    """The whole command line: chooses the language before any output, and translates errors."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write usage, sentence, options and commands."""
        formatter.write("\n".join((*_help_lines(self, ctx), *_command_lines(self))) + "\n")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Find the command; report one that does not exist."""
        if args and not args[0].startswith("-") and args[0] not in self.commands and not ctx.resilient_parsing:
            raise unknown_command(args[0], list(self.commands))
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run a command line; a usage error is reported in one sentence, with exit status 2."""
        given = list(sys.argv[1:] if args is None else args)
        extra.setdefault("color", colours())
        with using_language(asked_language(given)):
            try:
                with error_border():
                    ended = super().main(
                        args,
                        prog_name,
                        complete_var,
                        standalone_mode=False,
                        windows_expand_args=windows_expand_args,
                        **extra,
                    )
            except typer.Exit as end:
                ended = end.exit_code
            except typer.Abort:
                ended = complain(message("Stopped."), Exit.DID_NOT_PASS).exit_code
            except Exception as error:
                if not is_usage_error(error):
                    raise
                ended = complain(explain(error), Exit.WRONG_USAGE).exit_code
                typer.echo(translated(ask_for_help(error)), err=True)
            if standalone_mode:
                sys.exit(ended if isinstance(ended, int) else 0)
            return ended


class Commands(typer.Typer):
    """A typer application whose commands use the reader's language."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:  # noqa: ANN401
        """Add a command, as `typer.Typer.command` does."""
        settings.setdefault("cls", TranslatedCommand)
        return super().command(name, **settings)


def first_steps() -> str:
    """Return the first steps for a newcomer: three commands, and where the others are listed."""
    steps = (
        ("grader doctor", message("what this machine has, and what to install")),
        ("grader list", message("the assignments that there are")),
        ("grader generate stacked --out build", message("a notebook to give out, or to solve")),
    )
    return "\n".join([
        translated(message("Three first steps:")),
        *_terms((command, translated(sentence)) for command, sentence in steps),
        "",
        translated(message("All commands: `grader --help`. Of one of them: `grader check --help`.")),
    ])  # fmt: skip


# Help


def _help_lines(command: TyperCommand | TyperGroup, ctx: Any) -> Iterator[str]:  # noqa: ANN401
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.get_params(ctx) if one.param_type_name == "option" and not _hidden(one)]
    pieces = [ctx.command_path, f"[{translated(message('OPTIONS'))}]", *(_piece(one) for one in arguments)]
    if isinstance(command, TyperGroup):
        pieces.append(f"{translated(message('COMMAND'))} …")
    yield f"{_heading(message('Usage'))} {' '.join(pieces)}"
    yield ""
    yield from textwrap.wrap(_translated(command.help or ""), _width())
    for title, found in ((message("Arguments"), arguments), (message("Options"), options)):
        if found:
            yield ""
            yield _heading(title)
            yield from _terms((_names(one), _described(one)) for one in found)


def _command_lines(group: TyperGroup) -> Iterator[str]:
    yield ""
    yield _heading(message("Commands"))
    yield from _terms((name, _translated(one.help or "")) for name, one in group.commands.items() if not _hidden(one))


def _heading(title: Message) -> str:
    return typer.style(f"{translated(title)}:", bold=True)


def _hidden(thing: object) -> bool:
    return bool(getattr(thing, "hidden", False))


def _translated(text: str) -> str:
    known = _sentences.get(text)
    return text if known is None else translated(known)


def _piece(argument: Any) -> str:  # noqa: ANN401
    name = f"{_placeholder(argument)}{'…' if argument.nargs != 1 else ''}"
    return name if argument.required else f"[{name}]"


def _placeholder(parameter: Any) -> str:  # noqa: ANN401
    """Return the placeholder of a value: the command's own, else the last word of the parameter's name."""
    return str(parameter.metavar or parameter.name.rpartition("_")[2].upper())


def _names(parameter: Any) -> str:  # noqa: ANN401
    if parameter.param_type_name == "argument":
        return _placeholder(parameter)
    names = ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=lambda name: name.startswith("--")))
    takes_value = not (getattr(parameter, "is_flag", False) or parameter.secondary_opts)
    return f"{names} {_placeholder(parameter)}" if takes_value else names


def _described(parameter: Any) -> str:  # noqa: ANN401
    own = _TYPERS_OWN.get(parameter.name)
    text = _translated(parameter.help or "") if own is None else translated(own)
    remark = _remark(parameter) if own is None else None
    return text if remark is None else f"{text} [{translated(remark)}]"


def _remark(parameter: Any) -> Message | None:  # noqa: ANN401
    if parameter.required:
        return message("required")
    default = parameter.default
    if isinstance(default, bool) or default is None or callable(default) or str(default) == "":
        return None
    return message("default: {value}", value=str(default))


def _terms(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield terms and their meanings in two columns; a long term gets a line of its own."""
    listed = list(rows)
    column = min(max((len(term) for term, _ in listed), default=0), _WIDEST_TERM) + 2
    for term, meaning in listed:
        first, *others = textwrap.wrap(meaning, _width() - column - len(_MARGIN)) or [""]
        if len(term) + 2 > column:
            yield f"{_MARGIN}{term}"
            yield f"{_MARGIN}{'':{column}}{first}"
        else:
            yield f"{_MARGIN}{term:{column}}{first}".rstrip()
        yield from (f"{_MARGIN}{'':{column}}{line}" for line in others)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
