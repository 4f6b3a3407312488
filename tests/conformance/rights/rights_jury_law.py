"""The law's tables of the reference page, typed anew, against `decide`: every cell, on the day
that a regime begins and the day before, for each purpose and act.

A row is a regime, the facts that it is about, and five letters: crawl, retain, train, share the
data set, share the model. A allowed, R reserved, N no basis, V for a person; a dot stands where
the page says nothing, a bang where it says only what the answer is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

LETTERS = {"A": "allowed", "R": "reserved", "N": "no_basis", "V": "needs_review"}
NOT_ALLOWED, NOT_SAID = "!", "."
ACTS = ("crawl", "retain", "train", "share_dataset", "share_model")
TODAY = date(2026, 11, 22)
BEGINS = {
    "kr-data13": date(2022, 4, 20),
    "eu-art3": date(2021, 6, 7),
    "eu-art4": date(2021, 6, 7),
    "jp-30-4": date(2019, 1, 1),
    "sg-244": date(2021, 11, 21),
    "uk-29a": date(2014, 6, 1),
    "ch-24d": date(2020, 4, 1),
}
SIMULATED = ("kr-bill-2107440", "kr-bill-22-kts", "kr-plan-2026-02")


@dataclass(frozen=True)
class Cell:
    id: str
    regime: str
    facts: Mapping[str, object]
    want: str
    as_of: date = TODAY


PLAIN: dict[str, object] = {
    "access": "open",
    "contract": "none",
    "reservation": "none",
    "robots": "allowed",
    "purpose": "commercial",
    "actor": "company",
    "model_kind": "generative",
    "enjoyment": "none",
    "analysis_market": "no",
    "retention_plan": "until 2027-06-30",
    "work_class": "news",
    "personal_data": "no",
}
COMMERCIAL, NONCOMMERCIAL, SCIENCE = (
    "commercial",
    "noncommercial_research",
    "scientific_research",
)
PURPOSES = (COMMERCIAL, NONCOMMERCIAL, SCIENCE)
MACHINE = {"machine_readable": ["tdmrep"]}
RESERVED_BY = ("tdmrep", "aipref", "content-signal", "noai", "ai-txt", "rsl", "c2pa", "iptc")


def row(name: str, regime: str, want: str, as_of: date = TODAY, **facts: object) -> Cell:
    return Cell(f"{regime}/{name}", regime, {**PLAIN, **facts}, want, as_of)


def korea() -> Iterator[Cell]:
    statute = {"work_class": "statute_or_judgment"}
    for purpose in PURPOSES:
        yield row(
            f"statute by api, {purpose}",
            "kr-art7",
            "AAAA.",
            access="official_api",
            purpose=purpose,
            **statute,
        )
        yield row(f"statute scraped, {purpose}", "kr-art7", "VAA.A", purpose=purpose, **statute)
        yield row(f"news, {purpose}", "kr-art7", "NNNNN", purpose=purpose)
        yield row(f"fair use, {purpose}", "kr-fair", "VVVVV", purpose=purpose)
        yield row(f"no basis by itself, {purpose}", "kr-data13", "NNNNN", purpose=purpose)
        yield row(f"no mark, {purpose}", "kr-kogl", "NNNNN", purpose=purpose)
        yield row(f"no licence, {purpose}", "kr-current", "VVVVV", purpose=purpose)
        for access in ("login", "paywall"):
            yield row(
                f"{access}, {purpose}", "kr-fair", "VVVVV", purpose=purpose, access=access
            )
    kogl = {
        "0": ("AAA", "AAA"),
        "1": ("AAA", "AAA"),
        "2": ("RV.", "A.."),
        "3": ("V..", "V.."),
        "4": ("R..", "V.."),
    }
    sharing = {"0": "AA", "1": "AA", "2": "RV", "3": "..", "4": "RV"}
    for kind, (commercial, other) in kogl.items():
        name = (f"LicenseRef-KOGL-{kind}",)
        for regime in ("kr-kogl", "kr-current"):
            data, rest = sharing[kind]
            yield row(
                f"kogl {kind} commercial", regime, f"..{commercial[0]}{data}.", licences=name
            )
            said = f"..{other[0]}{rest}."
            yield row(
                f"kogl {kind} {NONCOMMERCIAL}",
                regime,
                said,
                licences=name,
                purpose=NONCOMMERCIAL,
            )
            # A company's science may be commerce: type 2 may ask a person then.
            yield row(
                f"kogl {kind} {SCIENCE}",
                regime,
                said if kind != "2" else ".....",
                licences=name,
                purpose=SCIENCE,
            )
    for kind in "1234":
        name = (f"LicenseRef-KOGL-{kind}", "LicenseRef-KOGL-AI")
        for regime in ("kr-kogl", "kr-current"):
            for purpose in PURPOSES:
                yield row(
                    f"kogl {kind} and AI, {purpose}",
                    regime,
                    "..A.A",
                    licences=name,
                    purpose=purpose,
                )
    before = date(2026, 1, 27)
    yield row(
        "type 0 before its day", "kr-kogl", "..V..", before, licences=("LicenseRef-KOGL-0",)
    )
    yield row(
        "type AI before its day",
        "kr-kogl",
        "..V..",
        before,
        licences=("LicenseRef-KOGL-2", "LicenseRef-KOGL-AI"),
    )
    yield row(
        "type 0 on its day",
        "kr-kogl",
        "..A..",
        date(2026, 1, 28),
        licences=("LicenseRef-KOGL-0",),
    )
    yield row(
        "type 1 before that day", "kr-kogl", "..A..", before, licences=("LicenseRef-KOGL-1",)
    )


def europe() -> Iterator[Cell]:
    for actor in ("research_org", "heritage"):
        for reservation in ("none", MACHINE, "prose_only", "malformed"):
            yield row(
                f"{actor} {reservation}",
                "eu-art3",
                "AAANV",
                actor=actor,
                purpose=SCIENCE,
                reservation=reservation,
            )
    yield row("actor unknown", "eu-art3", "VVVNV", actor="unknown", purpose=SCIENCE)
    for actor in ("research_org", "company"):
        for purpose in (COMMERCIAL, NONCOMMERCIAL):
            yield Cell(
                f"eu-art3/{actor} {purpose} never",
                "eu-art3",
                {**PLAIN, "actor": actor, "purpose": purpose},
                "!!!!!",
            )
    for actor in ("research_org", "heritage", "public_body", "company", "person", "unknown"):
        for purpose in PURPOSES:
            said = {"actor": actor, "purpose": purpose}
            yield row(f"{actor} {purpose} open", "eu-art4", "AAANV", **said)
            for protocol in RESERVED_BY:
                yield row(
                    f"{actor} {purpose} {protocol}",
                    "eu-art4",
                    "RRRRR",
                    reservation={"machine_readable": [protocol]},
                    **said,
                )
            for state in ("prose_only", "ambiguous", "malformed"):
                yield row(
                    f"{actor} {purpose} {state}", "eu-art4", "VVVVV", reservation=state, **said
                )
            yield row(
                f"{actor} {purpose} unknown", "eu-art4", "VVV.V", reservation="unknown", **said
            )
    for access in ("login", "paywall", "unknown"):
        yield Cell(f"eu-art4/{access}", "eu-art4", {**PLAIN, "access": access}, "!!!!!")


def elsewhere() -> Iterator[Cell]:
    for purpose in PURPOSES:
        yield row(purpose, "jp-30-4", "AAAVA", purpose=purpose)
        yield row(
            f"reserved, {purpose}", "jp-30-4", "..A..", purpose=purpose, reservation=MACHINE
        )
        yield row(
            f"enjoyment unknown, {purpose}",
            "jp-30-4",
            "VVVVV",
            purpose=purpose,
            enjoyment="unknown",
        )
        yield row(
            f"enjoyment mixed, {purpose}",
            "jp-30-4",
            "VVVVV",
            purpose=purpose,
            enjoyment="mixed",
        )
        yield row(
            f"market unknown, {purpose}",
            "jp-30-4",
            "VVVVV",
            purpose=purpose,
            analysis_market="unknown",
        )
        yield row(
            f"market exists, {purpose}",
            "jp-30-4",
            "RRRRR",
            purpose=purpose,
            analysis_market="exists",
        )
        yield row(f"us {purpose}", "us-107", "VVVVV", purpose=purpose)
        yield row(f"il {purpose}", "il-19", "VVVVV", purpose=purpose)
        yield row(f"open {purpose}", "sg-244", "AAAN.", purpose=purpose)
        yield row(
            f"reserved {purpose}", "sg-244", "..AN.", purpose=purpose, reservation=MACHINE
        )
        yield row(
            f"unknown access {purpose}", "sg-244", "VVVNV", purpose=purpose, access="unknown"
        )
        for access in ("tpm_bypassed", "known_infringing_source", "login", "paywall"):
            yield Cell(
                f"sg-244/{access} and {purpose}",
                "sg-244",
                {**PLAIN, "purpose": purpose, "access": access},
                "!!!!!",
            )
    yield row("non-commercial", "uk-29a", "AAANV", purpose=NONCOMMERCIAL)
    yield row("commercial", "uk-29a", "NNNNN")
    yield row("mixed", "uk-29a", "VVV.V", purpose="mixed")
    yield row("unknown purpose", "uk-29a", "VVV.V", purpose="unknown")
    yield row(
        "non-commercial, reserved",
        "uk-29a",
        "AAANV",
        purpose=NONCOMMERCIAL,
        reservation=MACHINE,
    )
    yield row("science", "ch-24d", "AAANV", purpose=SCIENCE)
    yield row("commercial", "ch-24d", "NNNNN")
    yield row("non-commercial", "ch-24d", "!!!N!", purpose=NONCOMMERCIAL)
    yield row("software", "ch-24d", ".!...", purpose=SCIENCE, work_class="software")
    yield row("science, reserved", "ch-24d", "AAANV", purpose=SCIENCE, reservation=MACHINE)


# Train commercial, non-commercial; data set commercial, non-commercial; model.
LICENCES = {
    "CC0-1.0": "AAAAA",
    "LicenseRef-CC-PDM-1.0": ".....",
    "CC-BY-4.0": "AAAAA",
    "CC-BY-3.0": "AAAAA",
    "CC-BY-2.0": "AAAAA",
    "CC-BY-SA-4.0": "AAAAV",
    "CC-BY-NC-4.0": "NANAV",
    "CC-BY-NC-SA-4.0": "NANAV",
    "CC-BY-ND-4.0": "!V..V",
    "CC-BY-NC-ND-4.0": "!V!.V",
}
NO_EXCEPTION = ("kr-kogl", "kr-data13")


def licences() -> Iterator[Cell]:
    for name, letters in LICENCES.items():
        commercial, other, data, data_other, _ = letters
        for regime in NO_EXCEPTION:
            yield row(f"{name} commercial", regime, f"..{commercial}{data}.", licences=(name,))
            yield row(
                f"{name} non-commercial",
                regime,
                f"..{other}{data_other}.",
                licences=(name,),
                purpose=NONCOMMERCIAL,
            )
        if "NC" in name:  # no opt-out: the exception still works
            yield row(f"{name} commercial", "eu-art4", "..A..", licences=(name,))
            yield row(
                f"{name} reserved", "eu-art4", "..R..", licences=(name,), reservation=MACHINE
            )
        two = (name, "CC-BY-4.0" if name != "CC-BY-4.0" else "CC-BY-NC-4.0")
        if letters != ".....":
            yield row(f"{name} and another", "kr-kogl", "VVVVV", licences=two)


FLOORS = ("tpm_bypassed", "known_infringing_source")
EVERY = (
    *("kr-art7", "kr-kogl", "kr-fair", "kr-data13", "kr-current", "eu-art3", "eu-art4"),
    *("jp-30-4", "sg-244", "uk-29a", "us-107", "ch-24d", "il-19"),
)
BEST: dict[str, dict[str, object]] = {
    "kr-art7": {"work_class": "statute_or_judgment", "access": "official_api"},
    "kr-kogl": {"licences": ("LicenseRef-KOGL-1",)},
    "kr-current": {"licences": ("LicenseRef-KOGL-1",)},
    "eu-art3": {"actor": "research_org", "purpose": SCIENCE},
    "uk-29a": {"purpose": NONCOMMERCIAL},
    "ch-24d": {"purpose": SCIENCE},
}


def floors() -> Iterator[Cell]:
    for regime in EVERY:
        best = BEST.get(regime, {})
        for access in FLOORS:
            for purpose in PURPOSES:
                facts = {**PLAIN, **best, "access": access, "purpose": purpose}
                yield Cell(f"{regime}/{access} {purpose}", regime, facts, "!!!!!")
        for robots in ("disallowed", "unestablished"):
            facts = {**PLAIN, **best, "robots": robots}
            yield Cell(f"{regime}/robots {robots}", regime, facts, "!....")
        for personal in ("yes", "unknown"):
            facts = {**PLAIN, **best, "personal_data": personal}
            yield Cell(f"{regime}/personal {personal}", regime, facts, ".....")
    for regime in SIMULATED:
        for purpose in PURPOSES:
            yield Cell(f"{regime}/{purpose}", regime, {**PLAIN, "purpose": purpose}, "!!!!!")


def days() -> Iterator[Cell]:
    """On its day a regime answers as it does today; on the day before it has no basis."""
    for regime, begins in BEGINS.items():
        facts = {**PLAIN, **BEST.get(regime, {})}
        for days_before in (1, 2, 400, 5000):
            before = begins - timedelta(days=days_before)
            yield Cell(f"{regime}/{days_before} days before", regime, facts, "NNNNN", before)
        for days_after in (0, 1):
            day = begins + timedelta(days=days_after)
            want = {
                "eu-art3": "AAANV",
                "eu-art4": "AAANV",
                "jp-30-4": "AAAVA",
                "sg-244": "AAAN.",
                "uk-29a": "AAANV",
                "ch-24d": "AAANV",
            }
            yield Cell(
                f"{regime}/{days_after} days after",
                regime,
                facts,
                want.get(regime, "NNNNN"),
                day,
            )


def cells() -> list[Cell]:
    return [
        cell for make in (korea, europe, elsewhere, licences, floors, days) for cell in make()
    ]
