"""Commonplace English words, which say nothing of what a comment is about.

Other languages have no list: there the upper limit on the share of comments that a term may
occur in does the work.
"""

from __future__ import annotations

from typing import Final

LISTED: Final = """
a about above actually after again against ago all almost already also although always am
amp an and another any anybody anymore anyone anything anyway anyways are aren around as ask
asked at away back bad be became because become been before behind being believe best better
between big bit both but by came can cannot cant come comes coming could couldn day days
definitely did didn didnt different do does doesn doesnt doing don done dont down during
each either else em end enough especially etc even ever every everybody everyone everything
exactly far feel feels felt few find first for found from fuck fucked fucking full gave get
gets getting give given gives giving go goes going gone gonna good got gotta great gt guess
guy guys had hadn half happen happened happens hard has hasn have haven having he her here
hers herself hey hi him himself his how however idea idk if ill im in into is isn isnt it
its itself ive just keep kind knew know known knows last lately later least leave less let
lets like liked likely literally little ll lmao lol long look looked looking looks lot lots
lt made make makes making man many matter may maybe me mean means might mine more most
mostly much must my myself nbsp need needs neither never new next nice no nobody none nope
nor not nothing now of off often oh ok okay old on once one ones only or other others our
ours ourselves out over own part people perhaps person please point pretty probably put
quite quot rather re read real really reason said same saw say saying says see seem seems
seen shall she shit should shouldn shouldnt since so some somebody someone something
sometimes soon sorry start started still stop stuff such sure take taken takes taking talk
talking tell than thank thanks that thats the their theirs them themselves then there theres
these they theyre thing things think thinking this those though thought three through time
times to today told too took totally tried true truly try trying two under understand unless
until up upon ur us use used using usually ve very want wanted wanting wants was wasn wasnt
way ways we well went were weren what whatever whats when whenever where whether which while
who whole whom whose why will with within without won wont would wouldn wouldnt wow ya yall
yeah year years yep yes yet you your youre yours yourself yourselves
"""

STOP_WORDS: Final = frozenset(LISTED.split())
