"""The fault campaign: drawn schedules of failures, carried out and judged from outside.

In reading order: `kinds` (what can go wrong), `schedule` and `drawing` (what goes wrong when, from
a number), `world` (where), `shopping` and `hands` (what people do meanwhile), `working` (how a sync
is run and ended), `running` (a schedule from end to end), `judging` (what must be true), `tally`
and `report` (what came of it).
"""
