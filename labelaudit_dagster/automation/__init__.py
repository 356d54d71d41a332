"""When to compute anew: pure decisions on what is stored, what was asked for, and the time.

Nothing here knows Dagster, the network or a clock of its own; `sensors/` hands those in. Decisions
look at states, not at events: what is not done yet is found again at every look, so that nothing is
lost with a run, a process or a cursor, and asking twice is harmless.
"""
