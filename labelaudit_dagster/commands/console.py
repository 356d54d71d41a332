"""How commands speak: results on standard output, progress and messages on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)


def emit_json(document: Any) -> None:
    """Print one JSON document on standard output (strict: no NaN), ended by a line end."""
    sys.stdout.buffer.write(
        orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Print a message for the person at the terminal, on standard error."""
    click.echo(text, err=True)


def say_result(text: object) -> None:
    """Print a line of a result on standard output, as long as it is, control characters shown."""
    click.echo(plain(text).plain)


def output() -> Console:
    """The console of tables: standard output, 100 columns where it is no terminal."""
    return Console(
        width=None if sys.stdout.isatty() else 100, highlight=False, soft_wrap=False, markup=False
    )


def plain(value: object) -> Text:
    """A cell that shows a text as it is: no markup, no control characters."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))


def table(title: str, columns: list[tuple[str, bool]]) -> Table:
    """Start a table; a column is its heading and whether it holds numbers."""
    result = Table(title=title, title_justify="left", title_style="bold", pad_edge=False, box=None)
    for heading, numeric in columns:
        result.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    return result


@contextmanager
def progress(first: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done: a moving line on a terminal, a line each elsewhere.

    Args:
        first: what is being done at the start.

    Yields:
        A function that is told what is done next.
    """
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        console.print(f"{first} ...", soft_wrap=True)
        yield lambda text: console.print(f"  {text}", soft_wrap=True)
        return
    with console.status(plain(first)) as status:
        yield lambda text: status.update(plain(text))
