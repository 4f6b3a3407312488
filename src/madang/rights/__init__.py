"""The rights engine: may this record be used, under which law, for which act, and why.

`decide` is a pure function and never guesses in favour of use. Scanning, evidence, the review
queue and cards are built on it in `madang.rights.scan`.
"""

from madang.rights.decide import decide
from madang.rights.facts import Act, Facts, Purpose, request_from_json
from madang.rights.rules import Profile, RuleSet, load, regimes
from madang.rights.verdict import Outcome, Reading, Verdict

__all__ = [
    "Act",
    "Facts",
    "Outcome",
    "Profile",
    "Purpose",
    "Reading",
    "RuleSet",
    "Verdict",
    "decide",
    "load",
    "regimes",
    "request_from_json",
]
