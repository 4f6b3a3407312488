"""The tables of a declaration, typed. What is not here cannot be declared."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

RPM_MAX_DEFAULT = 600
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
DataSetCode = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$",
    ),
]
OfferingCode = Annotated[
    str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:-]*$")
]
Words = Annotated[str, Meta(min_length=1, max_length=200)]
RatioText = Annotated[str, Meta(pattern=r"^[0-9]{1,9}/[0-9]{1,9}$")]
WonText = Annotated[str, Meta(pattern=r"^[0-9]{1,18}(\.[0-9]{1,6})?$")]
Won = Annotated[int, Meta(ge=0, le=9_000_000_000_000)]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Name(Struct, frozen=True, forbid_unknown_fields=True):
    ko: Words
    en: Words


class Programme(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    name: Name
    year: Annotated[int, Meta(ge=2000, le=2200)]
    starts_on: date
    ends_on: date
    subsidy_ratio: RatioText
    vat_rate: RatioText
    budget_won: Won


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    name: Name
    kind: str
    registration_no: str = ""
    region: str = ""
    representative: str = ""
    address: Annotated[str, Meta(max_length=200)] = ""
    bank_account: Annotated[str, Meta(max_length=60)] = ""


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    roles: list[str]
    organisation: str | None = None
    unit: str = ""
    name: str = ""
    language: str = "ko"
    password: str | None = None
    token: str | None = None


class Relationship(Struct, frozen=True, forbid_unknown_fields=True):
    a: str
    b: str
    kind: str


class Supplier(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    name: Name
    organisation: str | None = None


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    unit: str
    valid_from: Instant
    won_per_million: WonText | None = None
    won_each: WonText | None = None
    for_kinds: list[str] = field(default_factory=list)


class Offering(Struct, frozen=True, forbid_unknown_fields=True):
    code: OfferingCode
    supplier: str
    meter: str
    name: Name | None = None
    upstream: str = ""
    allow_private: bool = False
    upstream_model: str = ""
    upstream_key: str = ""
    context_tokens_max: Count = 0
    abort_policy: str = "drain"
    size_class: str = ""
    uses: list[str] = field(default_factory=list)
    strict: bool = False
    price: list[Price] = field(default_factory=list)


class Voucher(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    programme: str
    organisation: str
    subsidy_won: Won
    expires_on: date
    offerings: list[str]
    deposit_won: Won = 0


class Key(Struct, frozen=True, forbid_unknown_fields=True):
    voucher: str
    secret: str | None = None
    rpm_max: Annotated[int, Meta(ge=1, le=1_000_000)] = RPM_MAX_DEFAULT


TomlPlain = str | int | bool | list[str] | dict[str, str | int | bool | list[str]]
"""What a rule of a call is made of; the programme's room reads and checks it."""


class Criterion(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    weight: Annotated[int, Meta(ge=1, le=1000)]
    name: Name | None = None


class Trim(Struct, frozen=True, forbid_unknown_fields=True):
    high: Annotated[int, Meta(ge=0, le=100)] = 0
    low: Annotated[int, Meta(ge=0, le=100)] = 0


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    programme: str
    opens_at: Instant
    closes_at: Instant
    budget_won: Won
    criteria: Annotated[list[Criterion], Meta(min_length=1)]
    panel: Annotated[int, Meta(ge=1, le=100)]
    quorum: Annotated[int, Meta(ge=1, le=100)]
    trim: Trim = Trim()
    tie: list[str] = field(default_factory=list)
    deposit_days: Annotated[int, Meta(ge=0, le=365)] = 14
    name: Name | None = None
    appeal_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    supplier_consent: (
        Literal["none", "before_submission", "before_review", "after_award"] | None
    ) = None
    auto_approve_won_max: Won | None = None
    auto_approve_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    pay_direction: Literal["supplier_direct", "reimburse"] | None = None
    subsidy_ratio_by_size: dict[str, TomlPlain] | None = None
    eligibility: list[dict[str, TomlPlain]] = field(default_factory=list)
    bonuses: list[dict[str, TomlPlain]] = field(default_factory=list)


class PlanLine(Struct, frozen=True, forbid_unknown_fields=True):
    year: Annotated[int, Meta(ge=2000, le=2200)]
    programme: str
    ministry: str
    planned_won: Won
    through: Annotated[int, Meta(ge=2000, le=2200)] | None = None


class PlanGoal(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    name: Name
    due_on: date


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A multi-year plan: budget lines by year and ministry, goals with their days."""

    code: Code
    name: Name
    line: Annotated[list[PlanLine], Meta(min_length=1)]
    goal: list[PlanGoal] = field(default_factory=list)
    source: Annotated[str, Meta(max_length=400)] = ""


class Site(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    engine: Literal["slurm", "local"]
    address: str = ""
    auth: str = ""
    cluster: str = ""
    name: Name | None = None
    region: str = ""
    partition: str = ""
    user: str = ""
    grant_users: list[str] = []
    records: str = ""
    datasets: str = ""


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    cards: Count
    opens_on: date


class GpuClass(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    site: str
    gres: Annotated[str, Meta(pattern=r"^gpu(:[A-Za-z0-9_.-]+)?$")]
    cards_max: Annotated[int, Meta(ge=1, le=1_000_000)]
    offering: str | None = None
    whole_servers: bool = False
    cards_per_server: Annotated[int, Meta(ge=1, le=1024)] = 8
    teraflops_per_card: Count = 0
    precision: Literal["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8"] = "fp16"
    size: Literal["", "medium", "large"] = ""
    stage: list[Stage] = field(default_factory=list)


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    organisation: str
    gpu_class: str
    starts_on: date
    ends_on: date
    gpu_seconds: Annotated[int, Meta(ge=1, le=10**15)] | None = None
    cards_max: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    petaflops: Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?$")] | None = None
    voucher: str | None = None
    tranches: Annotated[list[RatioText], Meta(max_length=12)] = field(default_factory=list)


class BuildGoal(Struct, frozen=True, forbid_unknown_fields=True):
    """Kinds of training data promised by a half-year; without a field: over all of them."""

    code: Code
    half_year: Annotated[str, Meta(pattern=r"^20[0-9]{2}H[12]$")]
    target: Annotated[int, Meta(ge=0, le=100_000)]
    field: str = ""
    published: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    source: Annotated[str, Meta(max_length=400)] = ""


class DataSet(Struct, frozen=True, forbid_unknown_fields=True):
    """A data set with the files of a folder; `path` counts from the declaration's own."""

    code: DataSetCode
    field: Literal[
        "speech-language", "vision", "healthcare", "driving",
        "land-environment", "agriculture", "safety", "other",
    ]  # fmt: skip
    licence: Annotated[str, Meta(min_length=1, max_length=64)]
    access: Literal["open", "gated", "secure"]
    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    name: Name | None = None


Table = (
    Programme
    | Organisation
    | Person
    | Relationship
    | Supplier
    | Offering
    | Voucher
    | Key
    | Call
    | Plan
    | Site
    | GpuClass
    | Grant
    | DataSet
    | BuildGoal
)

TABLES: dict[str, type[Table]] = {
    "organisation": Organisation,
    "supplier": Supplier,
    "person": Person,
    "relationship": Relationship,
    "programme": Programme,
    "plan": Plan,
    "offering": Offering,
    "call": Call,
    "voucher": Voucher,
    "key": Key,
    "site": Site,
    "gpu_class": GpuClass,
    "grant": Grant,
    "dataset": DataSet,
    "build_goal": BuildGoal,
}
"""In the order in which they are applied: what is named must be there before."""
