"""Ratings travel in the query string: as much as 256 kB of it, in one packet or in many."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest


def target_of(ratings: dict[str, str], size: int) -> str:
    """Return a request for a training whose line has about `size` bytes."""
    start = "/get_personalized_model?mode=train&model_name=long&user=long&ratings="
    filler = {"x" * 500 + f" {number:05d}": "1" for number in range(size // 530 + 1)}
    text = start + quote(json.dumps({**ratings, **filler}))
    while len(text) > size:
        filler.popitem()
        text = start + quote(json.dumps({**ratings, **filler}))
    return text


@pytest.mark.parametrize(
    ("size", "piece"),
    [(17_000, 1_400), (70_000, 1_400), (250_000, 4_096), (250_000, 1 << 20)],
)
def test_long_lines_arrive_in_any_number_of_packets(client, raw_get, size, piece):
    texts = client.comments(3)
    target = target_of(dict.fromkeys(texts, "2"), size)
    assert size - 1_000 < len(target) <= size
    head, _, body = raw_get(client.server.url, target, piece).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head[:200]
    found = json.loads(body)
    assert set(texts) <= set(found["ratings_prev"])
    assert found["n_unknown"] > size // 1_000


def test_much_longer_ones_are_refused_and_the_server_lives(client, raw_get):
    try:
        answer = raw_get(client.server.url, "/get_labeling?user=" + "x" * 3_000_000, 4_096)
    except ConnectionError:
        answer = b""  # the server hung up before all of it was sent
    assert b" 200 " not in answer[:20]
    assert client.get("get_labeling").status_code == 200
