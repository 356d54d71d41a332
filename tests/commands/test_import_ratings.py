"""`labelaudit import ratings`: from a file to the database, and refusals that change nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from home_runs import Home
from small_exports import small_export, write_json

from labelaudit_dagster.store import Database, load_community, load_corpus

ROWS = [
    (f"r{rater}", f"c{item}", (rater * 7 + item * 3) % 5, f"comment number {item}")
    for rater in range(12)
    for item in range(8)
    if (rater + item) % 3
]
OPTIONS = ("--rater", "who", "--item", "what", "--rating", "score", "--text", "body")


def write(path: Path, rows=ROWS, **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows, columns=["who", "what", "score", "body"]).assign(**more)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def stored(home: Home):
    with Database.open(f"sqlite:///{home.path / 'labelaudit.db'}", read_only=True) as database:
        found = load_corpus(database)
    return None if found is None else found.corpus


def community(home: Home):
    with Database.open(f"sqlite:///{home.path / 'labelaudit.db'}", read_only=True) as database:
        found = load_community(database)
    assert found is not None
    return found.community


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_table_is_imported_and_told_of(home: Home, tmp_path: Path):
    file = write(tmp_path / "t.csv", age=[str(20 + int(row[0][1:]) % 3) for row in ROWS], note="x")
    answer = home.run(
        "import", "ratings", file, *OPTIONS, "--demographics", "years=age", "--scale", "0:4"
    ).succeeded()
    assert f"comment ratings {len(ROWS)} {len(ROWS)} 0" in " ".join(answer.out.split())
    assert "Scale: 0, 1, 2, 3, 4; positive above 2." in answer.out
    assert "Columns not used: note." in answer.out
    assert "Next: labelaudit run audit" in answer.err
    corpus = stored(home)
    assert corpus is not None
    corpus.validate()
    assert len(corpus.comment_ratings) == len(ROWS)
    assert set(corpus.raters["years"]) == {"20", "21", "22"}
    assert set(corpus.comments["text"]) == {row[3] for row in ROWS}


def test_json_tells_all_and_a_second_import_changes_nothing(home: Home, tmp_path: Path):
    file = write(tmp_path / "t.parquet", [*ROWS, ("r1", "c1", 9, "comment number 1")])
    arguments = ("import", "ratings", file, *OPTIONS, "--threshold", "1", "--scale", "0:4")
    labels = ("--labels", "none, a bit, some,much ,all", "--json")
    first = home.here(*arguments, *labels).succeeded().json
    assert first["scale"] == {
        "values": [0, 1, 2, 3, 4],
        "labels": ["none", "a bit", "some", "much", "all"],
        "threshold": 1,
    }
    assert first["tables"]["comment_ratings"] == {
        "rows_in": len(ROWS) + 1,
        "rows_kept": len(ROWS),
        "rows_quarantined": 1,
        "rows_passed": 0,
    }
    assert first["quarantined"] == [
        {"table": "comment_ratings", "reason": "out_of_scale", "rows": 1}
    ]
    assert first["is_new"]
    assert first["altered"]
    assert first["changes"]["comment_ratings"]["added"] == len(ROWS)
    before = stored(home)
    shuffled = random.Random(5).sample(ROWS, len(ROWS))
    write(tmp_path / "t.parquet", shuffled)
    again = home.here(*arguments, *labels).succeeded().json
    assert not again["is_new"]
    assert not again["altered"]
    assert again["changes"]["comment_ratings"] == {
        "added": 0,
        "changed": 0,
        "ended": 0,
        "unchanged": len(ROWS),
    }
    assert before is not None
    after = stored(home)
    assert after is not None
    assert after.equals(before)


def test_scores_from_a_column_and_from_a_file(home: Home, tmp_path: Path):
    file = write(tmp_path / "t.csv", system=[int(row[1][1:]) / 7 for row in ROWS])
    scores = tmp_path / "scores.csv"
    scores.write_text("what,p\n" + "".join(f"c{n},{n / 10}\n" for n in range(9)))
    arguments = ("import", "ratings", file, *OPTIONS, "--system-range", "0:1", "--json")
    document = home.here(*arguments, "--system-scores", "system").succeeded().json
    assert document["tables"]["system_ratings"]["rows_kept"] == 8
    corpus = stored(home)
    assert corpus is not None
    scored = corpus.system_ratings.merge(corpus.comments).set_index("source_item_id")
    assert scored["system_rating"].to_dict() == pytest.approx(
        {f"c{n}": n / 7 * 4 for n in range(8)}
    )

    document = home.here(*arguments, "--system-scores", scores).succeeded().json
    assert document["quarantined"] == [
        {"table": "system_ratings", "reason": "unknown_comment", "rows": 1}
    ]
    assert document["changes"]["system_ratings"]["changed"] == 7  # nought stays nought
    again = home.here(
        *arguments, "--system-scores", scores, "--system-columns", "what,p"
    ).succeeded()
    assert not again.json["altered"]


def test_second_source_is_refused_replaced_or_merged(home: Home, tmp_path: Path):
    one = write(tmp_path / "one.csv")
    two = write(tmp_path / "two.csv", [(a, b, c, f"quite other {d}") for a, b, c, d in ROWS])
    home.here("import", "ratings", one, *OPTIONS).succeeded()
    message = home.here("import", "ratings", two, *OPTIONS).failed("--replace", "--merge")
    assert "corpus" in message
    merged = home.here("import", "ratings", two, *OPTIONS, "--merge", "--json").succeeded().json
    corpus = stored(home)
    assert corpus is not None
    corpus.validate()
    assert len(corpus.comments) == 16
    assert corpus.raters["rater_id"].str.startswith(merged["prefix"]).sum() == 12
    home.here("import", "ratings", two, *OPTIONS, "--replace").succeeded()
    corpus = stored(home)
    assert corpus is not None
    assert len(corpus.comments) == 8
    answer = home.here("import", "ratings", two, *OPTIONS, "--replace", "--merge")
    assert answer.code == 2
    assert "exclude each other" in answer.err


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ((), ("no column 'rater_id'", "--rater", "'who', 'what', 'score', 'body'")),
        ((*OPTIONS, "--demographics", "age"), ("no column 'age'", "--demographics")),
        ((*OPTIONS, "--categories", "score"), ("'score' is no category share",)),
        ((*OPTIONS, "--time", "when"), ("no column 'when'", "--time")),
        ((*OPTIONS, "--scale", "4:0"), ("A scale has 2 to 11 levels",)),
        ((*OPTIONS, "--scale", "nonsense"), ("'nonsense' is no scale", "1:5")),
        ((*OPTIONS, "--scale", "0:4", "--labels", "a,b"), ("5 levels and 2 labels",)),
        ((*OPTIONS, "--threshold", "4"), ("threshold 4", "below 4")),
        ((*OPTIONS, "--scale", "6:9"), ("no usable rating", "out_of_scale", "Nothing was stored")),
        (
            (*OPTIONS, "--scale", "3:4"),
            ("unusable", "out_of_scale", "LABELAUDIT_MAX_QUARANTINED_SHARE", "Nothing was stored"),
        ),
        ((*OPTIONS[:2], "--item", "score", *OPTIONS[4:]), ("unusable", "differing_text")),
        (
            (*OPTIONS, "--system-scores", "none.csv"),
            ("neither a column", "nor a file", "'none.csv"),
        ),
        ((*OPTIONS, "--system-scores", "score", "--system-range", "2"), ("'2' is no range",)),
        ((*OPTIONS, "--format", "parquet"), ("not a Parquet file", "--format csv")),
    ],
)
def test_unusable_import_is_refused_and_stores_nothing(
    home: Home, tmp_path: Path, options: tuple[str, ...], parts: tuple[str, ...]
):
    file = write(tmp_path / "t.csv")
    home.here("import", "ratings", file, *options).failed(*parts)
    assert not home.path.exists()


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_file_that_cannot_be_opened_is_named(home: Home, tmp_path: Path, name: str):
    home.here("import", "ratings", tmp_path / name, *OPTIONS).failed(
        str(tmp_path), "check the path"
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--system-columns", "a,b"),
        ("--system-range", "0:1"),
        ("--threshold", "high"),
        ("--format", "xlsx"),
        ("--system-scores", "SCORES", "--system-columns", "what"),
    ],
)
def test_misused_options_are_usage_errors(home: Home, tmp_path: Path, options: tuple[str, ...]):
    file = write(tmp_path / "t.csv")
    scores = str(write(tmp_path / "s.csv"))
    given = [scores if option == "SCORES" else option for option in options]
    answer = home.here("import", "ratings", file, *OPTIONS, *given)
    assert answer.code == 2
    assert not home.path.exists()


def test_import_never_touches_the_community(home: Home, tmp_path: Path):
    export = write_json(tmp_path / "export.json", small_export())
    home.here("import", "export", export).succeeded()
    before = community(home)
    file = write(tmp_path / "t.csv")
    home.here("import", "ratings", file, *OPTIONS, "--replace").succeeded()
    assert community(home).equals(before)
    home.here("import", "export", export, "--replace").succeeded()
    corpus = stored(home)
    assert corpus is not None
    assert len(corpus.comment_ratings) == len(ROWS)


@pytest.mark.realdata
def test_real_ratings_in_one_command(home: Home, data_root: Path):
    command = (
        "--rater user_id --item instance_id --rating offensiveness --text text "
        "--demographics gender,race,age,occupation,education --scale 1:5"
    )
    file = data_root / "popquorn-offensiveness" / "ratings.csv"
    answer = home.here("import", "ratings", file, *command.split(), "--json").succeeded()
    tables = answer.json["tables"]
    kept = {name: counts["rows_kept"] for name, counts in tables.items()}
    assert kept == {"comments": 1500, "raters": 262, "comment_ratings": 13036}
    assert answer.json["unused_columns"] == []
    corpus = stored(home)
    assert corpus is not None
    assert sorted(corpus.raters.columns[1:]) == ["age", "education", "gender", "occupation", "race"]
