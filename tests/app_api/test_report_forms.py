"""Reports as Markdown and HTML: what anybody wrote is text, whatever it looks like."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app_api.reports.html_report import html_report, page_policy
from app_api.reports.markdown_report import escaped_line, markdown_report
from app_api.reports.report_facts import report_facts, shown_rating
from app_api.reports.shown_text import shown_line, shown_lines, shown_paragraphs
from labelaudit_dagster.auditing.reports import AuditReport, Evidence
from labelaudit_dagster.store import StoredReport

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": 12,
    "comment": "what a boss",
    "topic": "0_squad_boss_raid_loot",
    "user_rating": 0.53,
    "user_decision": "Non-toxic",
    "system_rating": 3.1,
    "system_decision": "Toxic",
    "error_type": "System may be over-sensitive",
    "toxicity_category": "Insult",
    "persp_score": 0.78,
}
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</title></style></textarea><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "&lt;b&gt; &amp;amp; &#60;",
    "javascript:alert(1)",
    "first\r\nSet-Cookie: a=b\r\n\r\n<h1>second</h1>",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f c1 \x9b",
    "abc \u202edlrow\u202c \u2066isolated\u2069",
    "line\u2028separator\u2029end",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "half \ud83d of an emoji",
    "![x](https://evil.example/a.png) [link](javascript:alert(1)) <https://evil.example>",
    "https://evil.example www.evil.example mailto:a@evil.example @everyone #1 :smile:",
    "# heading\n\n- item\n\n1. one\n2) two\n\n> quote\n\n---\n\n===\n\n```\ncode\n```\n\n    code",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "**bold** _it_ `code` ~~gone~~ $x^2$ [^1] [ ] \\*not\\*",
    "[ref]: https://evil.example 'title'\n\n[ref]",
    "+ plus\n= equals\n- minus\n*** \n12. twelve",
    " ",
    "",
]


class Page(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self._hidden = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def stored(text: str, **row: Any) -> StoredReport:
    """A report that has a text in every field that anybody can fill."""
    entry = Evidence(12, {**ROW, **row}, {"personal_audit": text})
    report = AuditReport(text, text, (entry, entry), text, text)
    return StoredReport("ab12", 3, text or "ann", text or "m", report.to_document(), NOW, NOW)


def everywhere(text: str) -> StoredReport:
    return stored(text, **{name: text for name in ROW if isinstance(ROW[name], str)})


ORDINARY = Page(html_report(report_facts(everywhere("two\nlines"))))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_add_nothing_to_the_page(text: str):
    source = html_report(report_facts(everywhere(text)))
    source.encode("utf-8")
    page = Page(source)
    assert set(page.tags) <= set(ORDINARY.tags)
    assert page.attributes <= ORDINARY.attributes
    assert page.tags.count("style") == 1
    assert page.tags.count("title") == 1
    assert shown_line(text) in " ".join(page.text.split())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_no_markdown(text: str):
    source = markdown_report(report_facts(everywhere(text)))
    source.encode("utf-8")
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = Page(parser.render(source))
    allowed = {"h1", "h2", "h3", "ul", "li", "p", "strong", "blockquote", "br"}
    assert set(page.tags) <= allowed
    assert page.tags.count("h1") == 1
    assert page.tags.count("h3") == page.tags.count("blockquote") == 2
    assert page.attributes == set()
    assert shown_line(text) in " ".join(page.text.split())


@pytest.mark.parametrize("text", ["x" * 1_000_000, "<b>" * 60_000, "*_[`\n\n" * 5_000])
def test_a_megabyte_in_every_field(text: str):
    facts = report_facts(stored(text, comment=text))
    for source in (html_report(facts), markdown_report(facts)):
        assert "<b>" not in source
        assert len(source) > 4 * len(text.replace("\n", ""))


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_line_renders_as_itself(text: str):
    line = shown_line(text)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for before, after in (("# ", ""), ("- **Name:** ", ""), ("> ", ""), ("", ""), ("a\\\n", "")):
        page = Page(parser.render(f"{before}{escaped_line(line)}{after}"))
        assert not {"a", "img", "code", "em", "s", "hr", "ol", "script", "table"} & set(page.tags)
        assert page.text.split()[-len(line.split()) :] == line.split() or not line


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("It flags talk about games.", "It flags talk about games."),
        ("1. first", "1\\. first"),
        ("12) twelfth", "12\\) twelfth"),
        ("- no item", "\\- no item"),
        ("see https://x.example", "see https\\://x.example"),
        ("www.x.example", "www\\.x.example"),
        ("a_b*c", "a\\_b\\*c"),
        ("<b> & c", "&lt;b&gt; &amp; c"),
        ("Note: this", "Note: this"),
    ],
)
def test_markdown_stays_readable(line: str, written: str):
    assert escaped_line(line) == written


def test_what_is_invisible_is_shown():
    assert shown_lines("a\x00b\x1bc\x7fd") == ["a\u2400b\u241bc\u2421d"]
    assert shown_lines("\r\n a \r b\u2028c\n\n") == ["a", "b", "c"]
    assert shown_lines("x\u202ey") == ["x[U+202E]y"]
    assert shown_lines("") == []
    assert shown_paragraphs("a\nb\n\n\n\nc") == [["a", "b"], ["c"]]
    assert shown_line("a\n\n b\t c") == "a b c"


def test_a_report_for_people():
    facts = report_facts(stored("Fine text"))
    page = Page(html_report(facts))
    shown = " ".join(page.text.split())
    for part in (
        "Fine text",
        "2026-03-01 12:00 UTC, version 3",
        "comment 12",
        "what a boss",
        "3.10",
        "0.53",
        "Non-toxic",
        "System may be over-sensitive",
        "The crowd called it Insult",
        "personal_audit",
        "complete",
    ):
        assert part in shown, part
    markdown = markdown_report(facts)
    assert "> what a boss" in markdown
    assert "- **System:** 3.10 (Toxic)" in markdown
    assert "- **Author:** 0.53 (Non-toxic)" in markdown


def test_what_is_missing_is_named():
    empty = StoredReport("ab12", 1, "ann", "m", AuditReport().to_document(), NOW, NOW)
    shown = " ".join(Page(html_report(report_facts(empty))).text.split())
    assert "unfinished, still needs evidence, a description and the kind of harm" in shown
    assert "Report without a title" in shown
    assert "No comment has been added yet." in shown
    assert "unfinished" in markdown_report(report_facts(empty))


@pytest.mark.parametrize(
    "value", [None, "3", True, -0.1, 4.01, float("inf"), 10**400, [1], {"a": 1}]
)
def test_a_rating_that_cannot_be_is_not_drawn(value: Any):
    facts = report_facts(stored("t", user_rating=value, system_rating=value))
    assert facts.evidence[0].user_rating is None
    source = html_report(facts)
    assert 'role="img"' not in source
    assert "not known" in source


def test_ratings_have_two_decimals():
    assert [shown_rating(v) for v in (None, 0.0, 4.0, 3.1, 2.346)] == [
        "not known", "0.00", "4.00", "3.10", "2.35",
    ]  # fmt: skip


def test_the_page_works_under_its_policy():
    source = html_report(report_facts(stored("t")))
    assert "default-src 'none'" in page_policy()
    assert "unsafe" not in page_policy()
    # Nothing that the policy would block: no scripts, no style attributes, no addresses.
    assert not {"style", "src", "href", "onload", "onclick"} & Page(source).attributes
    assert "http" not in html.unescape(source).replace("text/html", "")
