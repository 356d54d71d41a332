"""Import comments, run the audit, label, and read where the system disagrees: by command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from home_runs import Home
from small_corpora import rating_rows, write_labels, write_ratings

N_COMMENTS = 90


def imported(home: Home, rows: list[dict[str, str]], *options: str) -> Home:
    home.path.parent.mkdir(parents=True, exist_ok=True)
    source = write_ratings(home.path.with_suffix(".csv"), rows)
    given = ("--demographics", "gender") if "gender" in rows[0] else ()
    home.here("import", "ratings", source, "--scale", "0:4", *given, *options).succeeded()
    return home


@pytest.fixture(scope="module")
def _audited(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("audited") / "home")
    imported(home, rating_rows(N_COMMENTS), "--system-scores", "score")
    home.here("run", "audit").succeeded()
    return home


@pytest.fixture
def audited(_audited: Home, tmp_path: Path) -> Home:
    return _audited.copied_to(tmp_path / "home")


def label(home: Home, user: str, labels: list[tuple[Any, Any]], *options: str) -> dict[str, Any]:
    source = write_labels(home.path.with_name("labels.csv"), labels)
    document: dict[str, Any] = (
        home.here("label", user, "--from", source, "--json", *options).succeeded().json
    )
    return document


def audit(home: Home, user: str) -> dict[str, Any]:
    document: dict[str, Any] = home.here("audit", user, "--json").succeeded().json
    return document


def test_labels_give_an_audit_that_finds_the_fault(audited: Home):
    # Somebody whom nothing disturbs: the system is too strict about games, above all.
    done = label(audited, "anna", [(item, 0) for item in range(20)])
    assert (done["stored"], done["unchanged"], done["rejected"]["rows"]) == (20, 0, 0)
    assert done["training"]["version"] == 0
    assert done["training"]["is_new"]
    found = audit(audited, "anna")
    [model] = found["models"]
    assert (model["model"], model["kind"], model["n_labels"]) == ("my_model", "base", 20)
    worst = model["topics"][0]
    assert worst["direction"] == "over-sensitive"
    assert worst["share_over"] > 0.3
    games = [row for row in rating_rows(N_COMMENTS) if row["text"].startswith("games")]
    assert abs(worst["n_comments"] - len({row["item_id"] for row in games})) <= 2
    assert 0 <= model["honest_error"]["mae_of_median"] < 1
    assert model["disagreement"]["n_compared"] > 0
    shown = audited.here("audit", "anna").succeeded().out
    assert worst["topic"] in shown
    assert "20 labels" in shown


def test_training_again_on_the_same_labels_makes_nothing_new(audited: Home):
    labels = [(item, item % 5) for item in range(12)]
    first = label(audited, "ben", labels)
    before = audit(audited, "ben")
    again = label(audited, "ben", labels)
    assert (again["stored"], again["unchanged"]) == (0, 12)
    assert again["training"] == {**first["training"], "is_new": False, "run_id": None}
    assert audit(audited, "ben") == before
    # A label that changes, and changes back, is two more versions; the first figures come back.
    changed = label(audited, "ben", [(0, 4)])
    assert (changed["stored"], changed["training"]["version"]) == (1, 1)
    back = label(audited, "ben", [(0, 0)])
    assert back["training"]["version"] == 2
    assert back["training"]["honest_error"] == first["training"]["honest_error"]
    assert back["training"]["disagreement"] == first["training"]["disagreement"]


def test_unusable_rows_are_counted_and_hold_up_nothing(audited: Home):
    done = label(
        audited,
        "cem",
        [
            (1, 2),
            (2, 7),
            (3, "much"),
            (999_999, 1),
            ("nobody's", 1),
            (1, 3),
            (4, ""),
            (5, -1),
            ("", 2),
        ],
    )
    assert done["rows_in"] == 9
    assert done["stored"] == 3
    assert done["rejected"]["reasons"] == {
        "unknown_comment": 2,
        "superseded": 1,
        "out_of_scale": 1,
        "not_a_number": 1,
        "no_comment": 1,
    }
    assert done["training"]["n_labels"] == 1
    assert done["training"]["honest_error"]["mae_of_mean"] is None
    assert audit(audited, "cem")["models"][0]["n_unsure"] == 2


@pytest.mark.parametrize(
    ("labels", "part"),
    [
        ([], "no rows"),
        ([(999_999, 1)], "not in the corpus"),
        ([(1, 5)], "no value of the scale"),
        ([(1, "x"), (2, "nan")], "2 with a rating that is no number"),
    ],
)
def test_nothing_usable_stores_nothing_and_says_why(
    audited: Home, labels: list[tuple[Any, Any]], part: str
):
    source = write_labels(audited.path.with_name("labels.csv"), labels)
    audited.here("label", "dora", "--from", source).failed(part, "Nothing was stored", str(source))
    audited.here("audit", "dora").failed("no audit of 'dora'")
    status = audited.here("status", "--json").succeeded().json
    assert status["audit"]["users"] == 0


def test_only_unsure_predicts_an_average_person(audited: Home):
    done = label(audited, "eva", [(1, ""), (2, -1)])
    assert done["training"]["n_labels"] == 0
    assert set(done["training"]["honest_error"].values()) == {None}
    assert "average person" in audited.here("audit", "eva").succeeded().out


@pytest.mark.parametrize("user", ["../../etc", "Zoë 名前", "a...b\nc", "x" * 300, "%2E", "-"])
def test_users_of_any_name(audited: Home, user: str):
    labels = write_labels(audited.path.with_name("labels.csv"), [(1, 1), (2, 3)])
    audited.here("label", "--from", labels, "--", user).succeeded()
    found = audited.here("audit", "--json", "--", user).succeeded().json
    assert found["user"] == user
    assert audited.store.partitions("personal_audit") != []


def test_comments_by_text_and_several_models(audited: Home):
    texts = {row["item_id"]: row["text"] for row in rating_rows(N_COMMENTS)}
    source = write_labels(
        audited.path.with_name("labels.csv"), [(texts["3"], 4), (texts["6"], 0)], key="text"
    )
    audited.here("label", "finn", "--model", "strict/one", "--from", source).succeeded()
    label(audited, "finn", [(9, 0)], "--model", "my_model")
    found = audit(audited, "finn")
    assert [(m["model"], m["n_labels"]) for m in found["models"]] == [
        ("my_model", 1),
        ("strict/one", 2),
    ]
    one = audited.here("audit", "finn", "--model", "strict/one", "--json").succeeded().json
    assert [m["model"] for m in one["models"]] == ["strict/one"]
    audited.here("audit", "finn", "--model", "x").failed("no trained model 'x'", "strict/one")


def test_suggestions_are_new_reproducible_and_never_labelled(audited: Home):
    label(audited, "gil", [(item, 2) for item in range(30)], "--no-train")
    first = audited.here("label", "gil", "--suggest", "8", "--json").succeeded().json
    again = audited.here("label", "gil", "--suggest", "8", "--json").succeeded().json
    assert first == again
    ids = [one["item_id"] for one in first["suggestions"]]
    assert len(set(ids)) == 8
    assert min(ids) >= 30


def test_labels_without_training_wait_for_the_next_run(audited: Home):
    label(audited, "hans", [(item, 1) for item in range(5)], "--no-train")
    audited.here("audit", "hans").failed("labelaudit run audit")
    status = audited.here("status", "--json").succeeded().json["audit"]
    assert (status["users"], status["users_never_trained"]) == (1, 1)
    audited.here("run", "audit").succeeded()
    assert audit(audited, "hans")["models"][0]["n_labels"] == 5
    status = audited.here("status", "--json").succeeded().json["audit"]
    assert (status["users_never_trained"], status["users_without_current_results"]) == (0, 0)


def test_five_thousand_labels_and_small_corpora_without_demographics(tmp_path: Path):
    home = imported(Home(tmp_path / "home"), rating_rows(50, demographics=False))
    done = home.here("run", "audit", "--json").succeeded().json
    assert done["system"] == "embedded"
    assert done["comments"] == 50
    rows = [(item % 50, (item // 50) % 5) for item in range(5_000)]
    found = label(home, "ida", rows)
    assert (found["rows_in"], found["stored"]) == (5_000, 50)
    assert found["rejected"]["reasons"] == {"superseded": 4_950}
    assert audit(home, "ida")["models"][0]["n_labels"] == 50


def test_before_anything_is_there_commands_say_what_to_do(tmp_path: Path):
    home = Home(tmp_path / "home")
    labels = write_labels(tmp_path / "labels.csv", [(1, 1)])
    home.here("run", "audit").failed("labelaudit import ratings")
    home.here("run", "all").failed("labelaudit import")
    home.here("label", "anna", "--from", labels).failed("labelaudit import ratings")
    home.here("label", "anna", "--suggest", "3").failed("labelaudit run audit")
    imported(home, rating_rows(20))
    home.here("label", "anna", "--from", labels).failed("labels are stored", "labelaudit run audit")
    home.here("run", "all").succeeded()
    assert audit(home, "anna")["models"][0]["n_labels"] == 1


def test_odd_texts_do_no_harm(tmp_path: Path):
    rows = rating_rows(40)
    for row in rows:
        odd = {"0": "", "1": "same", "2": "same", "3": "y" * 100_000, "4": "\u202e‮名前 🤬"}
        row["text"] = odd.get(row["item_id"], row["text"])
    home = imported(Home(tmp_path / "home"), rows)
    home.here("run", "audit").succeeded()
    source = write_labels(tmp_path / "labels.csv", [("same", 4), ("", 1)], key="text")
    done = home.here("label", "jo", "--from", source, "--json").succeeded().json
    assert done["stored"] >= 1
    assert audit(home, "jo")["models"][0]["n_labels"] == done["stored"]
