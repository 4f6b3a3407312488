"""All tables of this room, where Django looks for them."""

from madang.programme.agreements.models import (
    Agreement,
    AgreementParty,
    AgreementState,
    Amendment,
    AmendmentParty,
    AmendmentState,
    PartyRole,
)
from madang.programme.applications.models import (
    Application,
    ApplicationDraft,
    ApplicationRevision,
    ApplicationState,
    Attachment,
    EligibilityCheck,
    EligibilityFindings,
    RevisionText,
)
from madang.programme.awards.models import Award, AwardState
from madang.programme.banking.models import BankLine, BankLink, BankMemo, LineOutcome
from madang.programme.calls.models import Call, CallExtension, CallSeries, CallState
from madang.programme.cases.models import (
    CaseAnswer,
    CaseInstalment,
    CaseMove,
    CaseState,
    CaseWay,
    ClawbackCase,
    Ground,
)
from madang.programme.checks.models import CheckKind, CheckState, ExecutionCheck
from madang.programme.copayments.models import (
    CoPaymentObligation,
    CoPaymentState,
    InKindEvidence,
    InKindPledge,
    InKindState,
)
from madang.programme.corrections.models import Correction, CorrectionState
from madang.programme.flags.models import (
    Contact,
    Flag,
    FlagKind,
    FlagState,
    SubmissionTrace,
)
from madang.programme.forms.models import Form, FormVersion
from madang.programme.grants.models import DirectGrant, GrantStep
from madang.programme.matches.models import Match, MatchState
from madang.programme.milestones.models import Milestone, MilestoneEvidence, MilestoneState
from madang.programme.petitions.models import (
    Petition,
    PetitionKind,
    PetitionState,
    PetitionWord,
)
from madang.programme.plans.models import BudgetLine, Goal, GoalState, Plan
from madang.programme.reimbursements.models import Purchase
from madang.programme.reports.models import Report, ReportKind, ReportState, ReportText
from madang.programme.settlements.models import Finding, ProjectSettlement, SettlementState
from madang.programme.tranches.models import Tranche, TrancheState
from madang.programme.years.models import (
    BudgetChange,
    Programme,
    ProgrammeYear,
    RollOver,
    RollOverState,
    TreasuryKind,
    TreasuryReturn,
    TreasuryState,
    YearState,
)

__all__ = [
    "Agreement",
    "AgreementParty",
    "AgreementState",
    "Amendment",
    "AmendmentParty",
    "AmendmentState",
    "Application",
    "ApplicationDraft",
    "ApplicationRevision",
    "ApplicationState",
    "Attachment",
    "Award",
    "AwardState",
    "BankLine",
    "BankLink",
    "BankMemo",
    "BudgetChange",
    "BudgetLine",
    "Call",
    "CallExtension",
    "CallSeries",
    "CallState",
    "CaseAnswer",
    "CaseInstalment",
    "CaseMove",
    "CaseState",
    "CaseWay",
    "CheckKind",
    "CheckState",
    "ClawbackCase",
    "CoPaymentObligation",
    "CoPaymentState",
    "Contact",
    "Correction",
    "CorrectionState",
    "DirectGrant",
    "EligibilityCheck",
    "EligibilityFindings",
    "ExecutionCheck",
    "Finding",
    "Flag",
    "FlagKind",
    "FlagState",
    "Form",
    "FormVersion",
    "Goal",
    "GoalState",
    "GrantStep",
    "Ground",
    "InKindEvidence",
    "InKindPledge",
    "InKindState",
    "LineOutcome",
    "Match",
    "MatchState",
    "Milestone",
    "MilestoneEvidence",
    "MilestoneState",
    "PartyRole",
    "Petition",
    "PetitionKind",
    "PetitionState",
    "PetitionWord",
    "Plan",
    "Programme",
    "ProgrammeYear",
    "ProjectSettlement",
    "Purchase",
    "Report",
    "ReportKind",
    "ReportState",
    "ReportText",
    "RevisionText",
    "RollOver",
    "RollOverState",
    "SettlementState",
    "SubmissionTrace",
    "Tranche",
    "TrancheState",
    "TreasuryKind",
    "TreasuryReturn",
    "TreasuryState",
    "YearState",
]
