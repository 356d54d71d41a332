"""README, CHANGELOG and docs/ hold together: links, pictures, commands, settings, numbers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import click
import pytest

from labelaudit_dagster.cli import labelaudit
from labelaudit_dagster.settings import unknown_variables

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(
        page
        for name in ("README.md", "CHANGELOG.md", "SECURITY.md")
        if (page := ROOT / name).is_file()
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]
LARGEST_PICTURE = 150_000
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1\s*$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_.|-]*")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links(page: Path) -> list[str]:
    return LINK.findall(FENCE.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """Names that GitHub gives to the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", FENCE.sub("", page.read_text("utf-8")), re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        count = 0
        while (name := f"{slug}-{count}" if count else slug) in found:
            count += 1
        found.add(name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_pictures_resolve(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        lost = not target.exists() or not target.is_relative_to(ROOT)
        if lost or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_linked_from_a_front_page() -> None:
    fronts = [ROOT / "README.md", ROOT / "docs" / "README.md"]
    linked = {(front.parent / link).resolve() for front in fronts for link in links(front)}
    pages = {*(ROOT / "docs").glob("*.md"), ROOT / "SECURITY.md"} - set(fronts)
    assert len(pages) >= 6
    assert sorted(named(page) for page in pages - linked) == []


def test_pictures_are_small_and_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    pictures = sorted((ROOT / "docs" / "figures").glob("*"))
    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG\r\n"), picture.name
        assert picture.stat().st_size <= LARGEST_PICTURE, picture.name
        assert picture in shown, f"{picture.name} is on no page"


def quoted_commands(page: Path) -> Iterator[tuple[str, bool]]:
    """Yield command lines of ours, and whether each stands in a block to be copied."""
    text = page.read_text("utf-8")
    for _, _, block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&?|\|\||;|(?<=\s)\|(?=\s)", re.sub(r"(^|\s)#.*", "", line)):
                if starts_ours(part):
                    yield part, True
    for span in INLINE.findall(FENCE.sub("", text)):
        line = " ".join(span.split())
        if starts_ours(line):
            yield line, False


def starts_ours(line: str) -> bool:
    return (
        re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?labelaudit(?:\s|$)", line)
        is not None
    )


def check_command(line: str, *, complete: bool) -> None:
    """Walk a command line along the tree of click's commands.

    Raises:
        AssertionError: a subcommand or option does not exist, or too many or, where `complete`,
            too few arguments are given.
    """
    words = shlex.split(re.sub(r"[\[\]]", "", line))
    words = words[next(i for i, word in enumerate(words) if word.endswith("labelaudit")) + 1 :]
    command: click.Command = labelaudit
    context = click.Context(labelaudit, info_name="labelaudit")
    given = 0
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            take_option(context, command, word, words, line)
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found is not None, f"{line!r}: there is no command {word!r}"
            command, context = found, click.Context(found, parent=context, info_name=word)
        else:
            given += 1
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    most = sum(one.nargs if one.nargs > 0 else 1_000 for one in arguments)
    least = sum(one.nargs if one.nargs > 0 else 1 for one in arguments if one.required)
    assert given <= most, f"{line!r}: {command.name} takes {most} arguments"
    if complete:
        assert not isinstance(command, click.Group), f"{line!r} names no subcommand"
        assert given >= least, f"{line!r}: {command.name} needs {least} arguments"


def take_option(
    context: click.Context, command: click.Command, word: str, words: list[str], line: str
) -> None:
    name, equals, value = word.partition("=")
    option = next(
        (p for p in command.get_params(context) if name in [*p.opts, *p.secondary_opts]), None
    )
    assert isinstance(option, click.Option), f"{line!r}: {command.name} has no option {name}"
    if option.is_flag or option.count:
        assert not equals, f"{line!r}: {name} takes no value"
        return
    if not equals:
        assert words, f"{line!r}: {name} needs a value"
        value = words.pop(0)
    if not PLACEHOLDER.fullmatch(value) and not isinstance(option.type, click.Path):
        option.type.convert(value, option, context)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_quoted_commands_exist(page: Path) -> None:
    for line, complete in quoted_commands(page):
        try:
            check_command(line, complete=complete)
        except click.ClickException as error:
            pytest.fail(f"{line!r}: {error.format_message()}")


def test_commands_are_found_on_the_pages() -> None:
    lines = [line for page in PAGES for line, _ in quoted_commands(page)]
    assert len(lines) >= 20
    assert any(line.endswith("labelaudit instability") for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        "labelaudit compute",
        "labelaudit run constitution --no-such-option",
        "labelaudit run constitution --method guess",
        "labelaudit import",
        "labelaudit import polis",
        "labelaudit import polis a b",
        "labelaudit instability --seeds",
        "labelaudit instability --json=yes",
    ],
)
def test_commands_that_do_not_exist_are_noticed(line: str) -> None:
    assert starts_ours(line)
    with pytest.raises((AssertionError, click.ClickException)):
        check_command(line, complete=True)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_settings_on_the_pages_exist(page: Path) -> None:
    names = re.findall(r"LABELAUDIT_[A-Z][A-Z_]*[A-Z]\b(?!_?\*)", page.read_text("utf-8"))
    assert unknown_variables(dict.fromkeys(names, "")) == []


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import model_figures

    return model_figures


def missing_on_the_model_page(numbers: dict[str, str]) -> dict[str, str]:
    text = " ".join((ROOT / "docs" / "model.md").read_text("utf-8").split())
    return {
        name: value
        for name, value in numbers.items()
        if not re.search(rf"(?<![\d.,]){re.escape(value)}(?![\d%]|[.,]\d)", text)
    }


def test_the_model_page_quotes_what_the_sample_gives(figures: ModuleType) -> None:
    sample = figures.Sample.solved()
    assert missing_on_the_model_page(figures.solution_numbers(sample)) == {}


@pytest.mark.slow
def test_the_model_page_quotes_what_resampling_gives(figures: ModuleType) -> None:
    sample = figures.Sample.solved()
    numbers = (
        figures.seed_numbers(sample)
        | figures.thinning_numbers(sample)
        | figures.uncertainty_numbers(sample)
        | figures.smaller_side_numbers(figures.smaller_side_rows(sample))
    )
    # Where the notebook's rule stops may shift by a step with the machine's rounding.
    del numbers["gradient_descent: loss"], numbers["gradient_descent: steps"]
    assert missing_on_the_model_page(numbers) == {}


def test_numbers_that_are_not_on_the_model_page_are_noticed() -> None:
    invented = {"another": "15,172 ratings", "start": "0.20", "end": "171", "there": "15,171"}
    assert set(missing_on_the_model_page(invented)) == {"another", "start", "end"}
