"""Between the client's 0 to 4 and the values of the corpus' scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from app_api.json_fields import shown_name
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_object

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.rating_scale import RatingScale

UNSURE: Final = -1
CHOICES: Final = (0, 1, 2, 3, 4)


def read_choices(given: Any) -> dict[str, int]:
    """Read `{comment: "0" … "4" or "-1"}`; values may be texts or numbers.

    Args:
        given: JSON text of the object, or the object.

    Returns:
        By comment 0 to 4, or -1 for unsure, in the order given.

    Raises:
        ProblemError: It is no such object; the comment is named.
    """
    if isinstance(given, str):
        try:
            given = read_object(given.encode("utf-8", "surrogatepass"))
        except ProblemError as error:
            raise field_problem("invalid-value", "ratings", f"is no object: {error}") from None
    if not isinstance(given, Mapping):
        raise field_problem("invalid-value", "ratings", "must be an object of comment and rating")
    return {str(comment): _choice(str(comment), value) for comment, value in given.items()}


def rating_of_choice(choice: int, scale: RatingScale) -> float | None:
    """Return the value of the scale that a choice of the client means, None for unsure.

    It is the value nearest to the choice among those on its side of the threshold, on 0 … 4; of
    two equally near ones the lower.
    """
    if choice == UNSURE:
        return None
    threshold = scale.contract_threshold
    placed = zip(scale.values, scale.to_contract(scale.values).tolist(), strict=True)
    near = [
        (_distance(place, choice), value)
        for value, place in placed
        if (place > threshold) == (choice > threshold)
    ]
    return min(near)[1]


def choice_of_rating(rating: float | None, scale: RatingScale) -> str:
    """Return the choice that the client shows for a value of the scale, "-1" for unsure.

    The nearest one on the same side of the threshold, so that what was chosen comes back; of two
    equally near ones the lower.
    """
    if rating is None:
        return str(UNSURE)
    threshold = scale.contract_threshold
    place = float(scale.to_contract(rating))
    same_side = [one for one in CHOICES if (one > threshold) == (place > threshold)]
    return str(min((_distance(place, one), one) for one in same_side)[1])


def _distance(place: float, choice: int) -> float:
    # Rounded, so that what lies in the middle is equally near to both sides.
    return round(abs(place - choice), 9)


def _choice(comment: str, value: Any) -> int:
    text = value.strip() if isinstance(value, str) else value
    for choice in (UNSURE, *CHOICES):
        if not isinstance(text, bool) and (text == str(choice) or text == choice):
            return choice
    raise field_problem(
        "invalid-value",
        f"ratings[{shown_name(comment)}]",
        "must be 0 to 4, or -1 for unsure",
    )
