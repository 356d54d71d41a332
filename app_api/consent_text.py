"""What people agree to before their first rating."""

from __future__ import annotations

from typing import Final

PARAGRAPHS: Final = (
    "You will see guidelines for an AI, one at a time, and say of each whether it would help. "
    "Your ratings, together with those of others, decide which guidelines become part of the "
    "constitution.",
    "What is kept of it: the name that you go by here, your ratings and when you gave them, the "
    "tags that you add, and guidelines that you propose.",
    "Who sees it: whoever runs this installation, and analysts they let in. The constitution shows "
    "numbers about all raters together, and none about groups of fewer than five people. Your name "
    "is shown to no other participant. When a constitution is published, the platform that "
    "receives it gets the model's numbers for each rater, under these names.",
    "You can change or take back a rating at any time, download everything that is stored about "
    "you, and erase it, on the page My data. Taking part is your choice: you can stop whenever you "
    "like.",
)
"""The text, paragraph by paragraph. Whoever agreed to another one is asked again."""

TEXT: Final = "\n\n".join(PARAGRAPHS)
