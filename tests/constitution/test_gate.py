"""What may be published, what waits for a person, and what never goes out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.constitution import ConstitutionError, diff_constitutions, publication_gate

ACCEPTED = st.sets(st.sampled_from("abcdef"), min_size=1)


def accepting(make, ids, **more):
    return make([(key, 9, 9, 0.5) for key in ids] + [("zz", 9, 0, 0.0)], **more)


def test_a_sound_first_constitution_passes(make_document):
    decision = publication_gate(accepting(make_document, "abc"), None)
    assert decision.publish
    assert decision.held_reasons == decision.held_codes == decision.waived_reasons == ()
    assert decision.churn is None


@pytest.mark.parametrize("status", ["iteration_limit", "not_finite"])
def test_what_has_not_converged_never_goes_out(make_document, status):
    document = accepting(make_document, "abc", solver={"status": status})
    for approved in (False, True):
        decision = publication_gate(document, None, approved=approved)
        assert not decision.publish
        assert decision.held_codes == ("not_converged",)
        assert status in decision.held_reasons[0]


def test_an_empty_constitution_never_goes_out(make_document):
    document = accepting(make_document, "")
    for approved in (False, True):
        decision = publication_gate(document, None, approved=approved)
        assert decision.held_codes == ("empty",)
        assert "No guideline of 1 is accepted" in decision.held_reasons[0]


def test_undecided_guidelines_wait_for_approval(document):
    held = publication_gate(document, None)
    assert held.held_codes == ("undecided",)
    assert "(d)" in held.held_reasons[0]
    approved = publication_gate(document, None, approved=True)
    assert approved.publish
    assert approved.waived_reasons == held.held_reasons


def test_churn_waits_for_approval_and_tells_the_changes(make_document):
    before, after = accepting(make_document, "abcd"), accepting(make_document, "abe")
    held = publication_gate(after, before, 0.3)
    assert held.held_codes == ("churn",)
    assert held.churn == pytest.approx(3 / 5)
    assert "60.0%" in held.held_reasons[0]
    assert "1 entered, 2 left" in held.held_reasons[0]
    assert held.changes == diff_constitutions(before, after)
    assert publication_gate(after, before, 0.3, approved=True).publish
    assert publication_gate(after, before, 1).publish


def test_churn_at_the_limit_passes(make_document):
    before, after = accepting(make_document, "abcd"), accepting(make_document, "abc")
    assert publication_gate(after, before, 0.25).publish
    assert not publication_gate(after, before, 0.2499).publish


def test_all_causes_are_told_at_once(make_document):
    before = accepting(make_document, "abc")
    after = accepting(make_document, "", solver={"status": "iteration_limit"})
    decision = publication_gate(after, before, approved=True)
    assert decision.held_codes == ("not_converged", "empty")
    assert len(decision.waived_reasons) == 1
    assert not decision.publish


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_bad_limit_is_refused(make_document, limit):
    with pytest.raises(ConstitutionError, match="churn_limit"):
        publication_gate(accepting(make_document, "a"), None, limit)


@settings(deadline=None)
@given(ACCEPTED, ACCEPTED, st.floats(0, 1))
def test_only_churn_can_hold_sound_constitutions(make_document_static, before, after, limit):
    old, new = (accepting(make_document_static, sorted(ids)) for ids in (before, after))
    decision = publication_gate(new, old, limit)
    assert decision.publish == (len(before ^ after) / len(before | after) <= limit)
    assert set(decision.held_codes) <= {"churn"}
    assert publication_gate(new, old, 1).publish
    assert publication_gate(old, old, 0).publish


def with_ratings(document, fingerprint):
    return {**document, "provenance": {"ratings_sha256": fingerprint}}


def test_churn_without_a_new_rating_has_a_smaller_limit(make_document):
    before = with_ratings(accepting(make_document, "abcdef"), "same")
    after = accepting(make_document, "abcde")
    limits = {"churn_limit": 0.3, "churn_limit_unchanged": 0.02}
    arrived = publication_gate(with_ratings(after, "new"), before, **limits)
    assert arrived.publish
    assert not arrived.nothing_new
    held = publication_gate(with_ratings(after, "same"), before, **limits)
    assert held.held_codes == ("churn",)
    assert held.nothing_new
    assert "the churn limit of 2% where no rating has changed since" in held.held_reasons[0]
    assert "LABELAUDIT_CHURN_LIMIT_UNCHANGED" in held.held_reasons[0]
    assert publication_gate(with_ratings(after, "same"), before, approved=True, **limits).publish
    many = publication_gate(with_ratings(accepting(make_document, "ab"), "new"), before, **limits)
    assert "30% where ratings have changed" in many.held_reasons[0]
    assert "(LABELAUDIT_CHURN_LIMIT)" in many.held_reasons[0]


def test_what_is_not_known_to_be_unchanged_has_changed(make_document):
    before, after = accepting(make_document, "abcdef"), accepting(make_document, "abcde")
    for known, now in ((before, after), (with_ratings(before, "x"), after),
                       (before, with_ratings(after, "x"))):  # fmt: skip
        decision = publication_gate(now, known, 0.3, churn_limit_unchanged=0.0)
        assert (decision.publish, decision.nothing_new) == (True, False)


def test_one_limit_counts_for_both_where_only_one_is_given(make_document):
    before = with_ratings(accepting(make_document, "abcdef"), "same")
    after = with_ratings(accepting(make_document, "abcde"), "same")
    assert publication_gate(after, before, 0.3).publish
    for limit in (-0.1, 1.1):
        with pytest.raises(ConstitutionError, match="churn_limit_unchanged must lie"):
            publication_gate(after, before, 0.3, churn_limit_unchanged=limit)
