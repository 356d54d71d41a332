"""What must hold when everything has settled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen

from benchmarks.soak.installation import Installation
from benchmarks.soak.traffic import MODEL, Traffic
from benchmarks.soak.watching import Watcher
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.store import Database, list_publications, list_received, list_trainings
from labelaudit_dagster.user_partitions import partition_key

MOST_GROWTH = 1.25
"""Of the median memory in the last quarter over that in the second one."""
GROWTH_ALLOWANCE_BYTES = 40e6
"""What a home that grows may take more in caches."""
WARM_SECONDS = 300.0
"""In less time than this programs that were just started are still loading what they need."""
_EVERYTHING = dict.fromkeys(("topics", "guidelines", "ratings", "users", "mu"), "True")


def is_settled(it: Installation, traffic: Traffic) -> bool:
    """Whether everything that was acknowledged is in published and personal results."""
    with Database.open(f"sqlite:///{it.home / 'labelaudit.db'}", read_only=True) as database:
        newest = list_publications(database, limit=1)
    if not newest or newest[0].state != "sent":
        return False
    status = json.loads(it.run("status", "--json").stdout)
    if status["waiting"]["labels"]["n"] or status["audit"]["users_without_current_results"]:
        return False
    if status["dagster"]["runs"] != {"started": 0, "queued": 0}:
        return False
    return not any(_stale(it, traffic))


def _stale(it: Installation, traffic: Traffic) -> Iterator[str]:
    """Ratings that the current constitution was not made of."""
    store = ArtifactStore(it.home / "artifacts")
    current = store.current("constitution")
    if current is None:
        yield "there is no constitution"
        return
    ratings = store.load_table(store.resolve_upstream(current, "guideline_ratings"))
    columns = ("participant_id", "guideline_id", "helpful")
    used = {
        (str(rater), str(guideline)): "helpful" if helpful else "not_helpful"
        for rater, guideline, helpful in zip(*(ratings[name] for name in columns), strict=True)
    }
    served = _served_ratings(it)
    if used != served:
        differ = sum(used.get(key) != value for key, value in served.items())
        yield f"{differ} of {len(served)} ratings are not in the constitution"


def violations(it: Installation, traffic: Traffic) -> list[str]:
    """Return what does not hold of the home's content, a sentence each; the server still runs."""
    return [
        *(f"a rating was lost: {one}" for one in traffic.ratings.lost(_served_ratings(it))),
        *(f"a label was lost: {one}" for one in traffic.labels.lost(_served_labels(it, traffic))),
        *_stale(it, traffic),
        *_published(it),
        *_same_as_fresh(it),
        *_personal(it, traffic),
        *_status(it),
    ]


def _export(it: Installation) -> dict[str, Any]:
    document: dict[str, Any] = it.get(f"/api/openapi/exports?{urlencode(_EVERYTHING)}")
    return document


def _served_ratings(it: Installation) -> dict[tuple[str, str], str]:
    return {(r["authorId"], r["guidelineId"]): r["rating"] for r in _export(it)["ratings"]}


def _served_labels(it: Installation, traffic: Traffic) -> dict[tuple[str, str], float]:
    found = {}
    for person in traffic.people:
        path = f"/v1/users/{quote(person)}/models/{MODEL}/labels"
        for row in it.get(path)["labels"]:
            found[person, str(row["item_id"])] = row["rating"]
    return found


def _published(it: Installation) -> Iterator[str]:
    """Nothing came twice, nothing is open, and what came last is what is current."""
    with Database.open(f"sqlite:///{it.home / 'labelaudit.db'}", read_only=True) as database:
        sent = [one for one in list_publications(database, limit=100_000) if one.is_sent]
        received = list_received(database, limit=100_000)
    keys = Counter(one.idempotency_key for one in received)
    yield from (f"{key} was received {n} times" for key, n in keys.items() if n > 1)
    hashes = [one.payload_hash for one in reversed(received)]
    for number, (one, following) in enumerate(pairwise(hashes), 1):
        if one == following:
            yield f"the platform got the same constitution as its {number}. and next one"
    lost = {one.idempotency_key for one in sent} - set(keys)
    yield from (f"publication {key} counts as sent and never came" for key in sorted(lost))
    if sent and received and sent[0].payload_hash != received[0].payload_hash:
        yield "what was published last is not what the platform has"


def _same_as_fresh(it: Installation) -> Iterator[str]:
    """A fresh home makes the same constitution of the same ratings, to the bit."""
    file = it.folder / "final.json"
    with urlopen(f"{it.url}/api/openapi/exports?{urlencode(_EVERYTHING)}") as answer:
        file.write_bytes(answer.read())
    fresh = it.folder / "fresh"
    for arguments in (
        ("import", "export", str(file)),
        ("run", "constitution", "--skip-uncertainty"),
    ):
        done = it.run(*arguments, home=fresh)
        if done.returncode:
            yield f"the fresh home: {done.stderr}"
            return
    ours, theirs = (
        json.loads(it.run("constitution", "--json", "--all", home=home).stdout)
        for home in (it.home, fresh)
    )
    if ours["accepted"] != theirs["accepted"]:
        yield f"accepted {ours['accepted']}, a fresh run accepts {theirs['accepted']}"
    intercepts = [
        {row["guideline_id"]: row["intercept"] for row in document["guidelines"]}
        for document in (ours, theirs)
    ]
    if intercepts[0] != intercepts[1]:
        yield "intercepts differ from those of a fresh run"


def _personal(it: Installation, traffic: Traffic) -> Iterator[str]:
    """Everybody's current model is of their newest labels and of their newest version."""
    store = ArtifactStore(it.home / "artifacts")
    with Database.open(f"sqlite:///{it.home / 'labelaudit.db'}", read_only=True) as database:
        newest = {one.user_id: one for one in list_trainings(database)}
    served = _served_labels(it, traffic)
    for person in traffic.people:
        labels = {item: rating for (who, item), rating in served.items() if who == person}
        ref = store.current("personal_models", partition_key(person))
        if not labels:
            continue
        if ref is None or person not in newest:
            yield f"{person} has labels and no model"
            continue
        store.verify(ref)
        [version] = store.load_table(ref, "models")["version"]
        if int(version) != newest[person].version:
            yield f"{person}'s results are of version {version}, not {newest[person].version}"
        used = store.load_table(ref, "labels", columns=["item_id", "rating"])
        found = {str(item): float(rating) for item, rating in used.itertuples(index=False)}
        if found != labels:
            yield f"{person}'s model is of other labels than the newest"


def _status(it: Installation) -> Iterator[str]:
    status = json.loads(it.run("status", "--json").stdout)
    for name, counts in status["tables"].items():
        if not counts["conserved"]:
            yield f"rows of {name} do not add up: {counts}"
    doctor = json.loads(it.run("doctor", "--json").stdout)
    # Dagster remembers for five minutes what went wrong under the faults.
    dagster = status["dagster"]
    remembers = dagster["daemon"]["running"] and not any(one["error"] for one in dagster["sensors"])
    for finding in doctor["findings"]:
        if not finding["ok"] and not (finding["what"] == "daemon" and remembers):
            yield f"the doctor finds {finding['what']}: {finding['finding']}"


def memory_rows(watcher: Watcher, seconds: float) -> list[tuple[str, str, str, bool]]:
    """Return rows of the table: what, the figures, the bar, and whether it was met."""
    rows = []
    for role, samples in watcher.memory.items():
        early = [size for at, _, size in samples if seconds / 4 <= at < seconds / 2]
        late = [size for at, _, size in samples if 3 * seconds / 4 <= at < seconds]
        sizes = [size for _, _, size in samples]
        figures = f"{sizes[0] / 1e6:,.0f} / {sizes[-1] / 1e6:,.0f} / {max(sizes) / 1e6:,.0f} MB"
        if not early or not late or seconds < WARM_SECONDS:
            rows.append((f"memory of the {role}: first / last / peak", figures, "", True))
            continue
        grown, limit = median(late), MOST_GROWTH * median(early) + GROWTH_ALLOWANCE_BYTES
        figures += f"; median {median(early) / 1e6:,.0f} → {grown / 1e6:,.0f} MB"
        rows.append(
            (
                f"memory of the {role}: first / last / peak; second → last quarter",
                figures,
                f"≤ {limit / 1e6:,.0f} MB",
                grown <= limit,
            )
        )
    return rows
