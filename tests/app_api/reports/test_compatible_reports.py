"""get_reports, save_reports and submit_avid_report, as IndieLabel's client uses them."""

from __future__ import annotations

import json

import pytest

NOT_GIVEN = ["null", "undefined", ""]
EMPTY = {
    "title": "",
    "error_type": "",
    "evidence": [],
    "text_entry": "",
    "sep_selection": "",
    "complete_status": False,
}


@pytest.fixture(autouse=True)
def _fresh(avid):
    avid.prepare([])


@pytest.fixture
def row(client):
    """A row of the table of results, as the client would save it as evidence."""
    topic = client.ask("audit_settings", user="ann")["clusters"][0]["options"][0]["text"]
    found = client.ask(
        "get_cluster_results",
        pers_model="my_model", cur_user="ann", cluster=topic, topic_df_ids="",
        search_type="cluster", keyword="", error_type="null", use_model="true",
    )  # fmt: skip
    return json.loads(found["cluster_comments"])[0]


def save(client, user, reports, **more):
    return client.get(
        "save_reports",
        cur_user=user, reports=json.dumps(reports), scaffold_method="personal",
        model="my_model", **more,
    )  # fmt: skip


def reports_of(client, user, **more):
    return client.ask("get_reports", cur_user=user, model="my_model", **more)["reports"]


def without_ids(reports):
    return [{k: v for k, v in report.items() if k != "report_id"} for report in reports]


def test_drafts_come_before_anything_is_saved(client):
    drafts = reports_of(client, "ann", scaffold_method="personal", topic_vis_method="null")
    assert drafts
    assert all(set(draft) == set(EMPTY) for draft in drafts)
    assert all(draft["title"].startswith("Topic: ") for draft in drafts)
    assert {draft["error_type"] for draft in drafts} <= {
        "System is under-sensitive",
        "System is over-sensitive",
    }
    by_hand = reports_of(client, "ann", scaffold_method="personal", topic_vis_method="fp_fn")
    assert by_hand == drafts


@pytest.mark.parametrize("method", [*NOT_GIVEN, "none", "anything", "fixed", "prompts", "tutorial"])
@pytest.mark.parametrize("user", ["ann", "bob", *NOT_GIVEN])
def test_the_list_is_never_empty(client, method, user):
    for model in ("my_model", "null", "no such model"):
        found = client.ask("get_reports", cur_user=user, model=model, scaffold_method=method)
        assert len(found["reports"]) == {"prompts": 5, "fixed": len(found["reports"])}.get(
            method, 1
        )
        for report in found["reports"]:
            assert report["title"] is not None
            assert report["evidence"] == []


def test_a_personal_draft_without_results_is_one_empty_report(client):
    for user in ("bob", "null"):
        assert reports_of(client, user, scaffold_method="personal") == [EMPTY]
    assert client.ask("get_reports", scaffold_method="personal")["reports"] == [EMPTY]


def test_what_was_saved_comes_back(client, row):
    assert client.ask("get_reports", cur_user="cleo", model="my_model")["reports"] == [EMPTY]
    sent = [
        {**EMPTY, "title": "Topic: x", "evidence": [row], "text_entry": "Grüße\n\x00 <b>"},
        {**EMPTY, "title": "", "complete_status": True, "sep_selection": "Other"},
    ]
    assert save(client, "cleo", sent, more="ignored").json() == {"status": "success"}
    found = reports_of(client, "cleo", scaffold_method="personal")
    assert without_ids(found) == sent
    # Saved again with its ids, and one more: the others keep theirs.
    longer = [{**EMPTY, "title": "new"}, *found]
    assert save(client, "cleo", longer).status_code == 200
    again = reports_of(client, "cleo")
    assert without_ids(again) == without_ids(longer)
    assert [one["report_id"] for one in again[1:]] == [one["report_id"] for one in found]
    assert save(client, "cleo", []).json() == {"status": "success"}
    # All deleted: an empty report, and no drafts that were thrown away already.
    assert reports_of(client, "cleo", scaffold_method="prompts") == [EMPTY]


def test_reports_are_the_same_ones_under_v1(client, person, row):
    dana = person("dana")
    written = dana.write(title="typed", evidence=[{"item_id": 3}]).json()
    (shown,) = reports_of(client, "dana")
    assert shown["report_id"] == written["report_id"]
    assert shown["evidence"] == [written["report"]["evidence"][0]["row"]]
    save(
        client,
        "dana",
        [{**shown, "text_entry": "by the client"}, {"title": "two", "evidence": [row]}],
    )
    first, second = dana.get("/reports").json()["reports"]
    assert (first["report_id"], first["version"]) == (written["report_id"], 2)
    # The client does not know versions, and they are not lost.
    assert first["report"]["evidence"] == written["report"]["evidence"]
    (entry,) = second["report"]["evidence"]
    assert (entry["item_id"], entry["row"], entry["versions"]) == (row["id"], row, {})
    # Nothing changed, so nothing is saved.
    save(client, "dana", reports_of(client, "dana"))
    assert [one["version"] for one in dana.get("/reports").json()["reports"]] == [2, 1]


@pytest.mark.parametrize("absent", NOT_GIVEN)
def test_a_list_that_is_not_given_deletes_nothing(client, absent):
    save(client, "emil", [{**EMPTY, "title": "kept"}])
    answer = client.get("save_reports", cur_user="emil", model="my_model", reports=absent)
    assert answer.status_code == 422
    assert client.get("save_reports", cur_user="emil", model="my_model").status_code == 422
    assert [one["title"] for one in reports_of(client, "emil")] == ["kept"]
    for missing in ("cur_user", "model"):
        given = {"cur_user": "emil", "model": "my_model", "reports": "[]", missing: absent}
        answer = client.get("save_reports", **given)
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {"field": missing, "message": answer.json()["errors"][0]["message"]}
        ]


@pytest.mark.parametrize(
    "reports",
    [
        "{}",
        "[",
        "[1]",
        "[null]",
        '"text"',
        "[NaN]",
        '[],"more":[]',
        '[]}, {"reports": [',
        '[{"title": 1}]',
        '[{"title": "' + "x" * 501 + '"}]',
        '[{"title": "\\ud800"}]',
        '[{"evidence": [{"a": "\\ud800"}]}]',
        '[{"evidence": [1]}]',
        '[{"evidence": [{"a": {"nested": 1}}]}]',
        '[{"evidence": [{"a": NaN}]}]',
        '[{"complete_status": "yes"}]',
        json.dumps([{"evidence": [{"comment": "x" * 70_000}]}]),
        json.dumps([{}] * 201),
        "[" * 20_000,
    ],
    ids=range(19),
)
def test_lists_that_cannot_be_kept_are_refused_whole(client, reports):
    save(client, "fay", [{**EMPTY, "title": "kept"}])
    answer = client.get("save_reports", cur_user="fay", model="my_model", reports=reports)
    assert answer.status_code == 422, answer.text
    assert len(answer.text) < 3000
    assert [one["title"] for one in reports_of(client, "fay")] == ["kept"]


def test_null_fields_of_a_report_mean_empty(client):
    fields = dict.fromkeys(EMPTY, None)
    assert save(client, "gus", [fields, {}]).status_code == 200
    assert without_ids(reports_of(client, "gus")) == [EMPTY, EMPTY]


def test_a_long_list_fits_into_a_query(client, row):
    reports = [{**EMPTY, "title": f"r{n}", "evidence": [row] * 3} for n in range(10)]
    assert save(client, "hal", reports).json() == {"status": "success"}
    assert without_ids(reports_of(client, "hal")) == reports


def test_post_does_the_same(client, site):
    document = {"cur_user": "ida", "model": "my_model", "reports": [{**EMPTY, "title": "posted"}]}
    assert site.ask("POST", "/save_reports", document).json() == {"status": "success"}
    document["reports"] = json.dumps([{**EMPTY, "title": "as text"}])
    assert site.ask("POST", "/save_reports", document).json() == {"status": "success"}
    assert [one["title"] for one in reports_of(client, "ida")] == ["as text"]


def test_get_changes_nothing_once_there_are_tokens(serve, person):
    with serve() as server:
        kind = type(person("ann"))
        ann = kind(server, "ann", server.token("auditor"))
        query = {"cur_user": "ann", "model": "my_model", "reports": "[]"}
        for route in ("/save_reports", "/submit_avid_report"):
            answer = ann.ask("GET", route, params=query)
            assert answer.status_code == 405
            assert answer.headers["Allow"] == "POST"
        assert ann.ask("POST", "/save_reports", query).json() == {"status": "success"}
        # Whose reports: the caller's, where nobody is named.
        mine = {"model": "other", "reports": [{**EMPTY, "title": "mine"}]}
        assert ann.ask("POST", "/save_reports", mine).status_code == 200
        found = ann.ask("GET", "/get_reports", params={"model": "other"}).json()["reports"]
        assert [one["title"] for one in found] == ["mine"]
        theirs = {"cur_user": "bob", "model": "m", "reports": "[]"}
        assert ann.ask("POST", "/save_reports", theirs).status_code == 403
        assert ann.ask("POST", "/submit_avid_report", theirs).status_code == 403
        assert ann.ask("GET", "/get_reports", params=theirs).status_code == 403


def test_a_page_of_another_site_saves_nothing(client, site):
    foreign = {"Sec-Fetch-Site": "cross-site"}
    query = {"cur_user": "jo", "model": "m", "reports": "[]"}
    for method in ("GET", "POST"):
        options = {"params": query} if method == "GET" else {"document": query}
        answer = site.ask(method, "/save_reports", headers=foreign, **options)
        assert answer.status_code == 403


def test_submission_by_the_client(client, avid, row):
    complete = {
        **EMPTY,
        "title": "Topic: y",
        "evidence": [row],
        "text_entry": "wrong",
        "sep_selection": "Bias/Discrimination",
    }
    del complete["complete_status"]
    marked = {**EMPTY, "title": "marked", "evidence": [row], "complete_status": True}
    reports = [complete, {**EMPTY, "title": "unfinished"}, marked]
    answer = client.ask(
        "submit_avid_report",
        cur_user="ann", name="Ann", email="undefined", reports=json.dumps(reports),
    )  # fmt: skip
    assert answer == {
        "status": "success",
        "n_submitted": 2,
        "n_incomplete": 1,
        "submission_ids": ["avid-1", "avid-2"],
    }
    first, second = avid.documents
    assert first["impact"]["avid"]["sep_view"] == ["E0100: Bias/ Discrimination"]
    assert second["impact"]["avid"]["sep_view"] == ["P0200: Model issues"]
    assert first["credit"] == [{"lang": "eng", "value": "Ann"}]
    assert first["metrics"][0]["results"] == {
        "feature": row["topic"],
        "model_score": row["persp_score"],
        "ori_input": row["comment"],
        "personal_model_score": row["user_rating"],
        "user_decision": row["user_decision"],
    }


@pytest.mark.parametrize(
    "reports", ["[]", json.dumps([{**EMPTY, "title": "unfinished", "complete_status": True}])]
)
def test_nothing_selected_is_no_success(client, avid, reports):
    answer = client.get("submit_avid_report", cur_user="ann", reports=reports)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:labelaudit:problem:nothing-to-submit"
    assert answer.json()["status"] != "success"
    assert avid.requests == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "a\nb"), ("email", "no address"), ("email", "a@b\n"), ("name", "x" * 201)],
)
def test_a_credit_that_cannot_be_is_named(client, avid, field, value):
    answer = client.get("submit_avid_report", **{"cur_user": "ann", "reports": "[]", field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert avid.requests == []
