"""A home in which every text of a stranger attacks: comments, levels, groups, names, reports.

`python hostile_home.py FOLDER` makes one: in a process of its own, since a test that drives a
browser has an event loop already.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import Corpus
from labelaudit_dagster.launch import run_audit
from labelaudit_dagster.settings import Settings

_ASSETS = str(Path(__file__).parents[1] / "assets")
if _ASSETS not in sys.path:
    sys.path.insert(0, _ASSETS)

from audit_homes import AuditHome, small_corpus  # noqa: E402 - the path first

MARKUP: Final = "<script>hit('markup')</script>'\"><img src=x onerror=hit('img')>&amp;<b>bold</b>"

PAYLOADS: Final = {
    "script": "<script>hit('script')</script>",
    "end of script": "</script><script>hit('end')</script><!--",
    "event handler": "<img src=x onerror=\"hit('image')\">",
    "attribute": "\" onmouseover=\"hit('attribute')\" autofocus onfocus=\"hit('focus')\" x=\"",
    "attribute in single quotes": "' onfocus='hit(1)' autofocus tabindex=1 x='",
    "svg": "<svg/onload=hit('svg')><svg><animate onbegin=hit('begin') attributeName=x dur=1s>",
    "link": "<a href=\"javascript:hit('link')\">javascript:hit('link')</a>",
    "address": "javascript:hit('address')//https://evil.example/?<x>",
    "data address": "data:text/html,<script>hit('data')</script>",
    "frame": "<iframe srcdoc=\"<script>parent.hit('frame')</script>\"></iframe>",
    "form": "<form action=javascript:hit('form')><button autofocus onfocus=hit('b')>go</button>",
    "style": "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "base": "<base href=//evil.example/><meta http-equiv=refresh content='0;url=//evil.example'>",
    "end of textarea": "</textarea></select></option></title></noscript><script>hit('t')</script>",
    "templates": "{{7*7}} {% raw %} ${hit('t')} #{7*7} <%= 7*7 %> "
    "{{constructor.constructor('hit(1)')()}}",
    "comment": "--><!--><script>hit('comment')</script>",
    "vega expression": "datum['a'] + warn(hit('vega')) ' \\ \" \\u003cscript\\u003e",
    "prototype": "__proto__ constructor toString hasOwnProperty",
    "right to left": "\u202egnirts desrever \u2066alone \u05e9\u05dc\u05d5 \u0645\u0631\u062d",
    "invisible": "zero\u200bwidth\ufeffjoiner\u200d\u2060 \u00ad soft",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301\u0327\u0327",
    "control characters": "bell\x07 escape\x1b[31m tab\t return\r\n line\u2028 paragraph\u2029 end",
    "nul": "before\x00after",
    "long word": "W" * 3_000,
    "long": ("<b>a hundred thousand</b> bytes \u6f22\u5b57 " * 3_000)[:100_000],
}  # fmt: skip

USER: Final = f"user {MARKUP}/..?&#%\u202e"
MODEL: Final = f"model {MARKUP}/?#"
PLAIN: Final = "ann"


def hostile_corpus() -> Corpus:
    """Return a forum in which every third comment and all that is said about it attack."""
    corpus = small_corpus(90)
    texts = corpus.comments["text"].tolist()
    for place, payload in enumerate(PAYLOADS.values()):
        # A word of the theme stays, so that the comment has a topic.
        texts[3 * place] = f"{texts[3 * place]} {payload}"
    levels = list(PAYLOADS.values())[:5]
    return replace(
        corpus,
        comments=corpus.comments.assign(text=pd.Series(texts, dtype="str")),
        raters=corpus.raters.assign(
            gender=pd.Series([PAYLOADS["event handler"]] * 6 + [MARKUP] * 6, dtype="str"),
            age=pd.Series(
                [PAYLOADS["templates"]] * 6 + [PAYLOADS["right to left"]] * 6, dtype="str"
            ),
        ),
        scale=RatingScale((0.0, 1.0, 2.0, 3.0, 4.0), tuple(levels), 2.0),
    )


def make_hostile_home(home: Path) -> Path:
    """Fill a home in which two people have two models each."""
    audit = AuditHome(Settings(home=home))
    home.mkdir(parents=True)
    audit.load(hostile_corpus())
    for user in (USER, PLAIN):
        for model in (MODEL, "my_model"):
            audit.label(user, {item: float(item % 5) for item in range(0, 16)}, model=model)
    outcomes = list(run_audit(audit.settings))
    assert all(outcome.succeeded for outcome in outcomes), outcomes
    return home


if __name__ == "__main__":
    make_hostile_home(Path(sys.argv[1]))
