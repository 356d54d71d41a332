"""Polis folders: both forms of votes, passes, moderation, the sign, and untidy files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.importers import Community, ImportFailure, polis_files, read_polis

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def comments_csv(*rows: str, header="comment-id,agrees,disagrees,moderated,comment-body") -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def long_csv(*rows: str) -> bytes:
    return ("\n".join(["timestamp,datetime,comment-id,voter-id,vote", *rows]) + "\n").encode()


def wide_csv(*rows: str, header="participant,group-id,n-votes,n-agree,n-disagree,0,1") -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


COMMENTS = comments_csv("0,2,1,1,First", '1,1,2,1,"Second, with ""quotes""\nand a line"')
LONG = long_csv("1,x,0,a,1", "2,x,0,b,1", "3,x,0,c,-1", "4,x,1,a,1", "5,x,1,b,-1", "6,x,1,c,-1")
WIDE = wide_csv("a,0,2,2,0,1,1", "b,,2,1,1,1.0,-1.0", "c,1,2,0,2,-1,-1")


def read(*args, **options) -> Community:
    community = read_polis(*args, now=NOW, **options)
    community.validate()
    return community


def votes_of(community: Community) -> dict[tuple[str, str], bool]:
    rows = community.guideline_ratings
    return {
        (row.participant_id, row.guideline_id): row.helpful for row in rows.itertuples(index=False)
    }


def reasons(community: Community, table: str = "guideline_ratings") -> list[str]:
    rows = community.quarantine[community.quarantine["table"] == table]
    return sorted(rows["reason"])


EXPECTED = {
    ("a", "0"): True,
    ("b", "0"): True,
    ("c", "0"): False,
    ("a", "1"): True,
    ("b", "1"): False,
    ("c", "1"): False,
}


@pytest.mark.parametrize("files", [(LONG, WIDE), (LONG, None), (None, WIDE)])
def test_both_forms_give_the_same_ratings(files):
    community = read(COMMENTS, *files)
    assert votes_of(community) == EXPECTED
    assert community.warnings == {}
    assert community.guidelines["text"].tolist() == [
        "First",
        'Second, with "quotes"\nand a line',
    ]
    assert community.guideline_ratings["rated_at"].isna().all() == (files[0] is None)


def test_group_and_xid_go_to_participants():
    wide = wide_csv("a,k1,0,1,1", "b,,,1,-1", "a,k2,0,1,1", header="participant,xid,group-id,0,1")
    community = read(COMMENTS, LONG, wide)
    frame = community.participants
    assert frame["participant_id"].tolist() == ["a", "b", "c"]
    assert frame["group_id"].fillna("-").tolist() == ["0", "-", "-"]
    assert "xid" not in frame  # the two rows of a contradict each other, b has none
    assert reasons(community, "participants") == ["superseded"]
    assert community.counts["participants"].rows_in == 4  # three lines, and c of the votes
    assert community.warnings["differing_attribute"] == 1


def test_summary_names_topic_and_source():
    summary = "topic,Käse?\nurl,https://example.org/7x\nviews,3\n".encode()
    community = read(COMMENTS, LONG, None, summary)
    assert community.topics["title"].tolist() == ["Käse?"]
    assert set(community.guidelines["topic_id"]) == set(community.topics["topic_id"])
    assert community.identity.name == "https://example.org/7x"
    assert read(COMMENTS, LONG).topics.empty


def test_a_pass_is_counted_apart_and_withdraws_an_earlier_vote():
    long = long_csv("1,x,0,a,1", "2,x,0,a,0", "1,x,0,b,0", "2,x,0,b,-1", "1,x,1,c,0")
    community = read(comments_csv("0,1,1,1,First", "1,0,0,1,Second"), long)
    assert votes_of(community) == {("b", "0"): False}
    counts = community.counts["guideline_ratings"]
    assert (counts.rows_in, counts.rows_passed) == (2, 3)
    assert reasons(community) == ["superseded"]
    assert community.participants["participant_id"].tolist() == ["a", "b", "c"]


def test_moderated_comments_are_left_out_unless_wanted():
    comments = comments_csv("0,2,1,-1,First", "1,1,2,0,Second")
    community = read(comments, LONG, WIDE)
    assert community.guidelines["guideline_id"].tolist() == ["1"]
    assert reasons(community, "guidelines") == ["moderated"]
    assert reasons(community) == ["moderated"] * 3
    assert votes_of(read(comments, LONG, WIDE, include_moderated=True)) == EXPECTED


REVERSED_LONG = LONG.replace(b",-1\n", b",9\n").replace(b",1\n", b",-1\n").replace(b",9\n", b",1\n")


def test_reversed_votes_are_turned_as_the_evidence_says():
    for wide in (WIDE, None):
        community = read(COMMENTS, REVERSED_LONG, wide)
        assert votes_of(community) == EXPECTED
        assert community.warnings == {"sign_flipped": 1}
    reversed_wide = wide_csv("a,0,2,2,0,-1,-1", "b,,2,1,1,-1,1", "c,1,2,0,2,1,1")
    community = read(COMMENTS, None, reversed_wide)
    assert votes_of(community) == EXPECTED
    assert community.warnings == {"sign_flipped": 1}


def test_unverified_sign_is_said():
    comments = b"comment-id,comment-body\n0,First\n1,Second\n"
    community = read(comments, LONG)
    assert votes_of(community) == EXPECTED
    assert community.warnings == {"sign_unverified": 1}


def test_contradictory_evidence_of_the_sign_is_refused():
    long = long_csv(*(f"{i},x,0,v{i},1" for i in range(9)))
    counts_say_reversed = comments_csv("0,0,9,1,First")
    everybody = "".join(f"v{i},1,0,1\n" for i in range(9))
    wide = f"participant,n-agree,n-disagree,0\n{everybody}".encode()
    with pytest.raises(ImportFailure, match=r"sign of the votes in participants-votes\.csv"):
        read(counts_say_reversed, long, wide)
    # One participant alone does not let the counts of comments.csv speak about the wide file.
    wide = b"participant,n-agree,n-disagree,0\nv0,1,0,1\n"
    balanced = comments_csv("0,0,9,1,First", "1,50,50,1,Second")
    long += b"".join(b"1,x,1,w%d,%d\n" % (i, 1 if i % 2 else -1) for i in range(100))
    with pytest.raises(ImportFailure, match=r"sign of the votes in votes\.csv"):
        read(balanced, long, wide)


def test_files_of_two_conversations_are_refused():
    wide = wide_csv("a,0,2,1,1,1,-1", "b,0,2,1,1,-1,1", "c,0,2,1,1,-1,1")
    with pytest.raises(ImportFailure, match="contradict each other"):
        read(b"comment-id,comment-body\n0,A\n1,B\n", LONG, wide)


def test_votes_that_only_one_file_has_are_counted():
    wide = wide_csv("a,0,2,2,0,1,1", "b,,2,1,1,1,-1", "c,1,2,0,2,-1,-1", "d,1,1,1,0,1,")
    community = read(COMMENTS, LONG, wide)
    assert votes_of(community) == EXPECTED
    assert community.warnings == {"differing_vote": 1}
    assert "d" in set(community.participants["participant_id"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("9,x,0,a", "malformed_row"),
        ("9,x,0,a,1,1", "malformed_row"),
        ("9,x,,a,1", "invalid_id"),
        ("9,x,0,,1", "invalid_id"),
        ("9,x,0,\0,1", "unstorable_id"),
        ("9,x,77,a,1", "unknown_guideline"),
        ("9,x,0,d,2", "invalid_rating"),
        ("9,x,0,d,", "invalid_rating"),
        ("9,x,0,d,agree", "invalid_rating"),
        ("9,x,0,d,nan", "invalid_rating"),
        ("9,x,0,d,inf", "invalid_rating"),
        ("4000000000000,x,0,d,1", "future_time"),
        ("6,x,1,c,-1", "superseded"),
    ],
)
def test_bad_vote_is_quarantined(line, reason):
    community = read(COMMENTS, LONG + line.encode() + b"\n", WIDE)
    assert votes_of(community) == EXPECTED
    assert reasons(community) == [reason]
    assert community.counts["guideline_ratings"].rows_in == 7
    assert community.quarantine["row_number"].tolist() in ([6], [5])


def test_unreadable_timestamp_leaves_the_vote():
    community = read(COMMENTS, LONG.replace(b"6,x,1,c", b"later,x,1,c"), WIDE)
    assert votes_of(community) == EXPECTED
    assert community.warnings == {"invalid_time": 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2,0,0,1", "malformed_row"),
        (",0,0,1,Text", "invalid_id"),
        ("2\0,0,0,1,Text", "unstorable_id"),
        ("2,0,0,1,  ", "missing_text"),
        ("2,0,0,1,a\0b", "unstorable_text"),
        ("0,2,1,1,First", "superseded"),
    ],
)
def test_bad_comment_is_quarantined(line, reason):
    community = read(COMMENTS + line.encode() + b"\n", LONG, WIDE)
    assert reasons(community, "guidelines") == [reason]
    assert votes_of(community) == EXPECTED


def test_wide_cells_and_columns_that_make_no_sense():
    wide = wide_csv(
        "a,0,2,2,0,1,1,x,1",
        "b,,2,1,1,yes,-1,x,",
        "c,1,2,0,2,-1,-1,x,",
        "c",
        header="participant,group-id,n-votes,n-agree,n-disagree,0,1,note,55",
    )
    community = read(COMMENTS, None, wide)
    assert reasons(community) == ["invalid_rating", "unknown_guideline"]
    assert reasons(community, "participants") == ["malformed_row"]
    assert community.warnings == {"ignored_column": 1}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("votes", b"", r"votes\.csv is empty"),
        ("comments", b"\n", r"comments\.csv is empty"),
        ("wide", b"", r"participants-votes\.csv is empty"),
        ("votes", b"<html>", "looks like HTML"),
        ("votes", b'{"votes": []}', "looks like HTML, JSON"),
        ("votes", b"a,b\n1,2\n", "no column 'comment-id'"),
        ("comments", b"comment-id,text\n0,x\n", "no column 'comment-body'"),
        ("wide", b"id,0\n1,1\n", "no column 'participant'"),
        ("wide", b"participant,0,0\n1,1,1\n", "column '0' more than once"),
        ("votes", LONG + b"7,x,\xff,a,1\n", r"votes\.csv cannot be read: its text is not UTF-8"),
        ("comments", COMMENTS + b'2,0,0,1,"cut o', "unclosed quotation mark"),
        ("summary", b"topic,\xff\n", r"summary\.csv cannot be read"),
    ],
)
def test_unusable_file_is_named(name, content, expected):
    files = {"comments": COMMENTS, "votes": LONG, "wide": WIDE, "summary": b"topic,T\n"}
    files[name] = content
    with pytest.raises(ImportFailure, match=expected):
        read(*files.values())


def test_no_votes_at_all():
    with pytest.raises(ImportFailure, match="no votes"):
        read(COMMENTS)
    community = read(COMMENTS, LONG.splitlines()[0] + b"\n")
    assert len(community.guideline_ratings) == 0


def test_byte_order_marks_and_windows_line_ends():
    turned = [
        b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") for content in (COMMENTS, LONG, WIDE)
    ]
    assert votes_of(read(*turned)) == EXPECTED


def test_finding_the_files_of_a_folder(tmp_path):
    with pytest.raises(ImportFailure, match="not a folder"):
        polis_files(tmp_path / "none")
    with pytest.raises(ImportFailure, match=r"no comments\.csv"):
        polis_files(tmp_path)
    (tmp_path / "2024-05-comments.csv").touch()
    with pytest.raises(ImportFailure, match="neither"):
        polis_files(tmp_path)
    (tmp_path / "2024-05-participant-votes.csv").touch()
    files = polis_files(tmp_path)
    assert files.votes is None
    assert files.participants_votes == tmp_path / "2024-05-participant-votes.csv"
    (tmp_path / "2024-05-votes.csv").touch()
    assert polis_files(tmp_path).votes == tmp_path / "2024-05-votes.csv"
    (tmp_path / "2024-06-votes.csv").touch()
    with pytest.raises(ImportFailure, match="only the files of one export"):
        polis_files(tmp_path)
    for name in ("comments", "votes", "participants-votes", "summary"):
        (tmp_path / f"{name}.csv").touch()
    files = polis_files(tmp_path)
    assert files.votes == tmp_path / "votes.csv"
    assert files.summary == tmp_path / "summary.csv"


vote_lines = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "", "x", "4000000000000"]),
        st.sampled_from(["0", "1", "2", "", "9"]),
        st.sampled_from(["a", "b", "🦉", ""]),
        st.sampled_from(["1", "-1", "0", "1.0", "", "yes"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(vote_lines, st.randoms(use_true_random=False))
def test_no_vote_is_lost_and_the_order_does_not_matter(lines, shuffler):
    comments = b"comment-id,moderated,comment-body\n0,1,A\n1,1,B\n2,-1,C\n"
    rows = [f"{time},x,{comment},{voter},{vote}" for time, comment, voter, vote in lines]
    ours = read_polis(comments, long_csv(*rows), now=NOW)
    counts = ours.counts["guideline_ratings"]
    assert counts.rows_passed == sum(vote == "0" for *_, vote in lines)
    assert counts.rows_in == len(lines) - counts.rows_passed
    theirs = read_polis(comments, long_csv(*shuffler.sample(rows, len(rows))), now=NOW)
    assert ours.equals(theirs)
    assert ours.counts == theirs.counts
    columns = ["table", "reason", "raw"]
    assert ours.quarantine[columns].equals(theirs.quarantine[columns])
