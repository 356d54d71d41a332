"""Tables of a constitution, safe against whatever texts hold."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import score_markdown, score_table
from labelaudit_dagster.constitution.table import escape_markdown, one_line

UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")


def test_rows_follow_the_document(document):
    rows = score_table(document, 2)
    assert [row["guideline_id"] for row in rows] == ["a", "d"]
    assert rows[0]["consensus_score"] == pytest.approx(0.9)
    assert rows[0]["p_accepted"] is None
    assert len(score_table(document)) == 6
    assert score_table(document, 0) == []


def test_markdown_by_hand(document):
    lines = score_markdown(document, 1).splitlines()
    assert lines[0] == (
        "| Guideline | Text | Status | Score | Intercept | Support | Ratings | P(accepted) |"
    )
    assert lines[2] == (
        "| a | Tell the truth. | accepted | 0.9000 | 0.5000 | 90.0% | 10 | \N{EN DASH} |"
    )
    assert lines[-1] == "5 more guidelines not shown."


def test_missing_numbers_are_dashes(document):
    last = score_markdown(document).splitlines()[-1]
    assert last.startswith("| e | Rated by nobody. | too\\_few\\_ratings |")
    assert last.count("\N{EN DASH}") == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        (r"a\|b", r"a\\\|b"),
        ("<script>alert(1)</script>", r"&lt;script\>alert(1)&lt;/script\>"),
        ("![x](http://evil)", r"!\[x\](http\://evil)"),
        ("**bold** _it_ `code` ~~no~~", r"\*\*bold\*\* \_it\_ \`code\` \~\~no\~\~"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("see www.evil.example", r"see www\.evil.example"),
    ],
)
def test_escapes(text, expected):
    assert escape_markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("nul\0here", "nul\ufffdhere"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\u202eevil", "\ufffdevil"),
        ("שלום عالم", "שלום عالم"),
        ("🧑\u200d🤝\u200d🧑", "🧑\u200d🤝\u200d🧑"),
        ("x" * 12, "x" * 9 + "…"),
    ],
)
def test_one_line(text, expected):
    assert one_line(text, 10 if len(text) == 12 else 80) == expected


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4, unique=True))
def test_no_text_breaks_the_table(make_document_static, texts):
    texts = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    document = make_document_static([(f"g{i}", 9, 9, 0.5, text) for i, text in enumerate(texts)])
    lines = score_markdown(document).split("\n")
    assert len(lines) == 2 + len(texts)
    assert all(len(UNESCAPED_PIPE.findall(re.sub(r"\\\\", "", line))) == 9 for line in lines)
    assert not any("<" in line for line in lines)
    assert not any(unicodedata.category(char) == "Cc" for line in lines for char in line)
