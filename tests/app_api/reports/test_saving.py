"""Writing reports: versions, who may save over whom, evidence as it was seen, limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest

from labelaudit_dagster.store import create_token

EMPTY = {
    "title": "",
    "error_type": "",
    "text_entry": "",
    "sep_selection": "",
    "complete_status": False,
    "evidence": [],
}
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE reports; --",
    "quotes \" ' ` \\",
    "first\r\nX-Injected: yes\r\n\r\n<h1>",
    "nul \x00 escape \x1b[31m",
    "\u202edlrow \u2067mixed\u2069 \u0645\u0631\u062d\u0628\u0627",
    "🙂" * 60,
    "../../etc/passwd",
    "{{ 7*7 }} ${7*7} %s %n",
    "null",
    "undefined",
]


def test_a_report_from_draft_to_deletion(site, complete):
    answer = site.write(**complete)
    assert answer.status_code == 201
    first = answer.json()
    report_id = first["report_id"]
    assert answer.headers["Location"] == f"{site.home}/reports/{report_id}"
    assert (first["version"], first["is_complete"], first["missing"]) == (1, True, [])
    assert first["report"]["title"] == "Games are not insults"

    read = site.get(f"/reports/{report_id}")
    assert read.json() == first
    tag = read.headers["ETag"]
    assert tag == answer.headers["ETag"]
    assert site.get(f"/reports/{report_id}", headers={"If-None-Match": tag}).status_code == 304

    changed = {**first["report"], "text_entry": "It flags games, and only games."}
    saved = site.save(report_id, tag, **changed)
    assert saved.status_code == 200
    assert saved.json()["version"] == 2
    assert saved.json()["report"] == changed
    # The same again is no version.
    again = site.save(report_id, saved.headers["ETag"], **changed)
    assert (again.status_code, again.json()["version"]) == (200, 2)

    history = site.get(f"/reports/{report_id}/versions").json()
    assert [one["version"] for one in history["versions"]] == [1, 2]
    assert (
        site.get(f"/reports/{report_id}", params={"version": 1}).json()["report"]
        == (first["report"])
    )
    assert site.get(f"/reports/{report_id}", params={"version": 9}).status_code == 404

    assert report_id in [one["report_id"] for one in site.get("/reports").json()["reports"]]
    gone = site.ask("DELETE", f"{site.home}/reports/{report_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert site.ask("DELETE", f"{site.home}/reports/{report_id}").status_code == 204
    assert site.get(f"/reports/{report_id}").status_code == 404
    assert site.save(report_id, "*", **changed).status_code == 404
    assert report_id not in [one["report_id"] for one in site.get("/reports").json()["reports"]]
    # What was written is not lost.
    history = site.get(f"/reports/{report_id}/versions").json()
    assert history["is_deleted"] is True
    assert site.get(f"/reports/{report_id}", params={"version": 2}).json()["report"] == changed


def test_an_empty_report_says_what_is_missing(site):
    answer = site.write()
    assert answer.status_code == 201
    assert answer.json()["report"] == EMPTY
    assert answer.json()["is_complete"] is False
    assert answer.json()["missing"] == ["evidence", "text_entry", "sep_selection"]


def test_lists_keep_the_order_and_models_apart(person):
    dora = person("dora")
    for model, title in (("b", "1"), ("a", "2"), ("b", "3")):
        assert dora.write(model, title=title).status_code == 201
    assert [r["report"]["title"] for r in dora.get("/models/b/reports").json()["reports"]] == [
        "1", "3",
    ]  # fmt: skip
    answer = dora.get("/reports")
    assert [r["report"]["title"] for r in answer.json()["reports"]] == ["2", "1", "3"]
    held = {"If-None-Match": answer.headers["ETag"]}
    assert dora.get("/reports", headers=held).status_code == 304
    assert person("nobody").get("/reports").json() == {"user": "nobody", "reports": []}


@pytest.mark.parametrize(
    "tag", ['"{id}-1"', '"{id}-1-html"', '"0-9", "{id}-1"', '"other"', 'W/"{id}-2"']
)
def test_a_stale_save_is_refused_with_the_newer_version(site, tag):
    first = site.write(title="first").json()
    id_ = first["report_id"]
    newer = site.save(id_, f'"{id_}-1"', title="newer")
    refused = site.save(id_, tag.format(id=id_), title="stale")
    assert refused.status_code == 412
    problem = refused.json()
    assert problem["type"] == "urn:labelaudit:problem:stale-report"
    assert problem["current"] == newer.json()
    assert refused.headers["ETag"] == newer.headers["ETag"]
    assert site.get(f"/reports/{id_}").json()["report"]["title"] == "newer"
    deletion = site.ask(
        "DELETE", f"{site.home}/reports/{id_}", headers={"If-Match": tag.format(id=id_)}
    )
    assert deletion.status_code == 412
    assert site.save(id_, refused.headers["ETag"], title="merged").json()["version"] == 3


def test_an_earlier_version_is_had_again_with_its_evidence(site, complete):
    first = site.write(**complete).json()
    path = f"{site.home}/reports/{first['report_id']}/restorations"

    def restore(version, tag):
        headers = {} if tag is None else {"If-Match": tag}
        return site.ask("POST", path, {"version": version}, headers=headers)

    emptied = site.save(first["report_id"], "*")
    assert emptied.json()["report"] == EMPTY
    assert restore(1, None).status_code == 428
    stale = restore(1, f'"{first["report_id"]}-1"')
    assert (stale.status_code, stale.json()["current"]) == (412, emptied.json())
    assert restore(7, "*").status_code == 404
    assert restore("1", "*").status_code == 422
    back = restore(1, emptied.headers["ETag"])
    assert (back.status_code, back.json()["version"]) == (200, 3)
    assert back.json()["report"] == first["report"]
    assert restore(1, back.headers["ETag"]).json()["version"] == 3
    # The undoing of a deletion.
    site.ask("DELETE", f"{site.home}/reports/{first['report_id']}")
    undone = restore(3, back.headers["ETag"])
    assert (undone.status_code, undone.json()["version"]) == (200, 4)
    assert site.get(f"/reports/{first['report_id']}").json() == undone.json()


@pytest.mark.parametrize(
    "id_", ["nothing", "0" * 16, "%00", "%2F", "..%2F..", "%ED%A0%80", "x" * 64]
)
def test_an_id_that_nobody_gave_is_not_found(site, id_):
    for path in (f"/reports/{id_}", f"/reports/{id_}/versions", f"/reports/{id_}/avid"):
        assert site.get(path).status_code == 404, path
    assert site.save(id_, "*", title="x").status_code == 404
    assert site.ask("DELETE", f"{site.home}/reports/{id_}").status_code == 404


def test_a_save_must_say_what_it_is_based_on(site):
    first = site.write(title="first").json()
    refused = site.save(first["report_id"], None, title="careless")
    assert refused.status_code == 428
    assert refused.json()["type"] == "urn:labelaudit:problem:precondition-required"
    assert site.save(first["report_id"], "*", title="on purpose").json()["version"] == 2


def test_of_many_who_save_at_once_one_wins(site):
    first = site.write(title="start").json()
    tag = f'"{first["report_id"]}-1"'
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: site.save(first["report_id"], tag, title=f"writer {n}"), range(8))
        )
    won = [one.json()["report"]["title"] for one in answers if one.status_code == 200]
    assert sorted(one.status_code for one in answers) == [200] + [412] * 7
    refused = {
        one.json()["current"]["report"]["title"] for one in answers if one.status_code == 412
    }
    assert refused == set(won)


def test_evidence_stays_as_it_was_seen(serve, person, complete):
    with serve() as server:
        site = type(person("ann"))(server)
        written = site.write(**complete).json()
        entries = written["report"]["evidence"]
        assert [entry["item_id"] for entry in entries] == [0, 3]
        for entry in entries:
            assert entry["row"]["id"] == entry["item_id"]
            assert 0 <= entry["row"]["user_rating"] <= 4
            assert {"comment_model", "personal_audit"} <= entry["versions"].keys()
        # The person changes their mind, and the model with them.
        labels = [{"item_id": item, "rating": 4.0} for item in range(0, 60, 2)]
        assert (
            site.ask("POST", f"{site.home}/models/my_model/labels", {"labels": labels}).status_code
            == 200
        )
        trained = site.ask("POST", f"{site.home}/models/my_model/trainings", {})
        assert trained.status_code in (200, 201), trained.text
        more = {**written["report"], "evidence": [{"item_id": 3}, {"item_id": 6}, {"item_id": 0}]}
        saved = site.save(written["report_id"], "*", **more).json()["report"]["evidence"]
        assert [saved[2], saved[0]] == entries
        fresh = site.write(**{**complete, "evidence": [{"item_id": 3}]}).json()
        (now,) = fresh["report"]["evidence"]
        assert now["row"]["user_rating"] > entries[1]["row"]["user_rating"]
        assert now["versions"]["personal_audit"] == saved[1]["versions"]["personal_audit"]
        assert now["versions"]["personal_audit"] != entries[1]["versions"]["personal_audit"]


def test_evidence_without_a_model_has_the_systems_ratings_alone(person):
    (entry,) = person("bob").write(evidence=[{"item_id": 5}]).json()["report"]["evidence"]
    assert entry["row"]["user_rating"] is None
    assert 0 <= entry["row"]["system_rating"] <= 4
    assert "personal_audit" not in entry["versions"]


def test_sent_rows_are_not_believed(site):
    forged = {"item_id": 5, "row": {"comment": "forged"}, "versions": {"a": "b"}}
    (entry,) = site.write(evidence=[forged]).json()["report"]["evidence"]
    assert entry["row"]["comment"] != "forged"
    assert "a" not in entry["versions"]


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"title": "x" * 501}, 422, "title"),
        ({"text_entry": "x" * 20_001}, 422, "text_entry"),
        ({"text_entry": "x" * 1_000_000}, 422, "text_entry"),
        ({"title": 7}, 422, "title"),
        ({"title": None}, 422, "title"),
        ({"title": "half \ud83d"}, 422, "title"),
        ({"error_type": "Both"}, 422, "error_type"),
        ({"sep_selection": "accuracy"}, 422, "sep_selection"),
        ({"complete_status": "yes"}, 422, "complete_status"),
        ({"titel": "x"}, 422, "titel"),
        ({"evidence": [{"item_id": n} for n in range(101)]}, 422, "evidence"),
        ({"evidence": [{"item_id": 3}, {"item_id": 3}]}, 422, "evidence"),
        ({"evidence": [{"item_id": 3}, {"item_id": 9_999}]}, 422, "evidence.1.item_id"),
        ({"evidence": [{"item_id": -1}]}, 422, "evidence.0.item_id"),
        ({"evidence": [{"item_id": 2**53}]}, 422, "evidence.0.item_id"),
        ({"evidence": [{"item_id": "3"}]}, 422, "evidence.0.item_id"),
        ({"evidence": [{}]}, 422, "evidence.0.item_id"),
        ({"evidence": {}}, 422, "evidence"),
        ({"title": "x" * 5_000_000}, 413, None),
    ],
    ids=range(19),
)
def test_what_is_too_much_or_wrong_is_named(site, fields, status, field):
    before = len(site.get("/reports").json()["reports"])
    answer = site.write(**fields)
    assert answer.status_code == status
    problem = answer.json()
    assert len(problem["detail"]) < 600
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]
    assert len(site.get("/reports").json()["reports"]) == before


def test_a_model_has_at_most_so_many_reports(person, monkeypatch):
    monkeypatch.setattr("app_api.routers.reports.MOST_REPORTS", 2)
    eve = person("eve")
    assert [eve.write(title=str(n)).status_code for n in range(3)] == [201, 201, 422]
    assert eve.write("other").status_code == 201


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_come_back_as_they_were(person, text):
    who = person(quote(text, safe=""))
    written = who.write(quote(text, safe=""), title=text, text_entry=text)
    assert written.status_code == 201, written.text
    found = written.json()
    assert (found["user"], found["model"]) == (text, text)
    assert (found["report"]["title"], found["report"]["text_entry"]) == (text, text)
    located = who.ask("GET", written.headers["Location"])
    assert located.json() == found
    assert "X-Injected" not in located.headers
    for form, kind in (("html", "text/html"), ("markdown", "text/markdown")):
        page = who.ask("GET", written.headers["Location"], params={"format": form})
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith(kind)
        assert "<script>" not in page.text
        assert "X-Injected" not in page.headers


def test_forms_for_people(site, complete):
    id_ = site.write(**complete).json()["report_id"]
    path = f"/reports/{id_}"
    page = site.get(path, headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "Games are not insults" in page.text
    text = site.get(path, headers={"Accept": "text/markdown"})
    assert text.headers["Content-Type"].startswith("text/markdown; charset=utf-8")
    assert text.text.startswith("# Games are not insults\n")
    assert f'filename="report-{id_}.md"' in text.headers["Content-Disposition"]
    plain = [
        site.get(path, headers={"Accept": accept})
        for accept in ("*/*", "application/json", "image/png", "text/html;q=0.2, */*;q=0.8", "")
    ]
    assert all(one.headers["Content-Type"] == "application/json" for one in plain)
    tags = {one.headers["ETag"] for one in (page, text, plain[0])}
    assert len(tags) == 3
    for one, accept in ((page, "text/html"), (text, "text/markdown")):
        held = {"Accept": accept, "If-None-Match": one.headers["ETag"]}
        assert site.get(path, headers=held).status_code == 304
        assert "Accept" in one.headers["Vary"]
    crossed = {"Accept": "text/markdown", "If-None-Match": page.headers["ETag"]}
    assert site.get(path, headers=crossed).status_code == 200
    assert site.get(path, params={"format": "pdf"}).status_code == 422
    # Whichever form somebody read, its tag says which version they edit.
    assert site.save(id_, page.headers["ETag"], title="read as a page").status_code == 200


def test_nobody_reads_or_writes_for_others(serve, person, complete):
    with serve() as server:

        def token(role, subject=None):
            now = server.app.state.services.now()
            return create_token(
                server.database, role, now=now, subject=subject, expires_at=now + timedelta(hours=1)
            )[1]

        kind = type(person("ann"))
        ann, bob = kind(server, "ann", token("auditor", "ann")), token("auditor", "bob")
        id_ = ann.write(**complete).json()["report_id"]
        path = f"/v1/users/ann/reports/{id_}"
        home = "/v1/users/ann"
        reads = [
            path,
            f"{path}/versions",
            f"{path}/avid",
            f"{home}/reports",
            f"{home}/models/my_model/reports",
            f"{home}/models/my_model/scaffold",
            f"{home}/submissions",
            "/get_reports?cur_user=ann&model=my_model",
        ]
        writes = [
            ("PUT", path),
            ("DELETE", path),
            ("POST", f"{path}/restorations"),
            ("POST", f"{home}/submissions"),
            ("POST", f"{home}/models/my_model/reports"),
        ]
        analyst = token("analyst")
        for who, may_read in ((bob, False), (analyst, True), (token("participant", "ann"), False)):
            other = kind(server, "ann", who)
            for read in reads:
                assert other.ask("GET", read).status_code == (200 if may_read else 403), read
            for method, write in writes:
                answer = other.ask(method, write, {}, headers={"If-Match": "*"})
                assert answer.status_code == 403, write
        # An id alone opens nothing: it belongs to a person.
        assert kind(server, "bob", bob).get(f"/reports/{id_}").status_code == 404
        assert kind(server, "bob", bob).save(id_, "*", title="x").status_code == 404
        assert kind(server, "bob", bob).submit(id_).status_code == 422
        assert kind(server, "ann", analyst).get(f"/reports/{id_}").json()["version"] == 1


@pytest.mark.parametrize(
    ("method", "topic_method", "n"),
    [
        ("none", "fp_fn", 1),
        ("prompts", "fp_fn", 5),
        ("tutorial", "fp_fn", 1),
        ("fixed", "fp_fn", None),
        *[("personal", how, None) for how in ("fp_fn", "median", "mean", "mae", "mse", "avg_diff")],
        ("personal_group", "fp_fn", None),
        ("personal_test", "fp_fn", None),
    ],
)
def test_drafts(site, method, topic_method, n):
    answer = site.get(
        "/models/my_model/scaffold", params={"method": method, "topic_method": topic_method}
    )
    assert answer.status_code == 200
    document = answer.json()
    drafts = document["drafts"]
    assert drafts
    assert n is None or len(drafts) == n
    assert document["topic_method"] == (topic_method if "personal" in method else None)
    if method in ("fixed", "tutorial") or method.startswith("personal"):
        assert all(one["title"].startswith("Topic: ") for one in drafts)
    held = {"If-None-Match": answer.headers["ETag"]}
    again = site.get(
        "/models/my_model/scaffold",
        params={"method": method, "topic_method": topic_method},
        headers=held,
    )
    assert again.status_code == 304


def test_drafts_need_a_model_and_a_known_method(site, person):
    empty = {"title": "", "error_type": ""}
    assert person("bob").get("/models/my_model/scaffold").json()["drafts"] == [empty]
    assert site.get("/models/another/scaffold").json()["drafts"] == [empty]
    for parameters in ({"method": "magic"}, {"topic_method": "magic"}):
        assert site.get("/models/my_model/scaffold", params=parameters).status_code == 422


def test_topics_of_drafts_can_be_set(serve, person):
    kind = type(person("ann"))
    with serve() as server:
        topics = [
            draft["title"].removeprefix("Topic: ")
            for draft in kind(server)
            .get("/models/my_model/scaffold", params={"method": "fixed"})
            .json()["drafts"]
        ]
        chosen = {"scaffold_topics": f" {topics[-1]} , nowhere,", "tutorial_topic": topics[-1]}
        services = server.app.state.services
        object.__setattr__(services, "settings", server.settings.model_copy(update=chosen))
        for method in ("fixed", "tutorial"):
            found = kind(server).get("/models/my_model/scaffold", params={"method": method})
            assert [d["title"] for d in found.json()["drafts"]] == [f"Topic: {topics[-1]}"]
