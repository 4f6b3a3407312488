"""Refusals of this room.

Refused
├── ApprovalMissing             a second person is needed
├── BudgetExceeded              more than is left to allot or to award
├── BudgetCommitted             lower than what is committed already
├── CallNotOpen                 before opens_at, at or after closes_at
├── CallNotClosed               review begins after the deadline
├── CallClosedAlready           too late to extend
├── AppealsOpen                 an appeal is not closed yet
├── ExtensionNotLater
├── TermInvalid                 a term of the call cannot be taken
├── PeriodInvalid               ends before it begins, or outside its year
├── AmountInvalid               not a positive amount of whole won
├── RequestTooLarge             above what the call gives
├── RequirementInvalid          an eligibility rule or a bonus cannot be taken
├── ConsentMissing              the supplier has not agreed to the match
├── ConsentExceeded             more is asked for than the supplier agreed to
├── MatchTooLate                `reason`: the review has begun, the agreement is signed
├── NotDistributed              the call is reviewed by a panel
├── PeersPending                applicants still have time to judge one another
├── CutOffInvalid               cut-offs do not follow one another
├── NothingToCarry              the draft is where it can be handed in, or no call follows
├── FormInvalid                 the form itself cannot be taken
├── AnswerInvalid               a field of the form is missing or wrong
├── ApplicationLimit            one per organisation or representative
├── SelfDealing                 applicant and supplier are one, or affiliated
├── SupplierBarred              the supplier is excluded from taking part
├── AttachmentLimit
├── ChecksPending               applications without an eligibility check
├── ReasonMissing
├── OwnOrganisation             an operator decides nothing about a firm of his own
├── SignatureDigest             another text than the one that was agreed
├── SignatureLate
├── YearOver                    after the year's last day nothing could be bought any more
├── NotDueYet                   nothing lapses before its time
├── VoucherMissing              the award has no voucher yet
├── FulfilmentUnknown           no room delivers what the call promises
├── ReserveEmpty                nobody on the reserve list fits
├── NotAMinistry                a plan's money comes from a public body
├── MilestonesMiss              the steps do not add up to the award
├── PersonDecides               the platform finds, a person decides
├── EvidenceMissing             nothing shows that the work is done
├── RankingOfAnotherCall
├── HearingNotCalled, HearingNotOver, HearingOver
├── ClawbackTooLarge            more than was settled
├── CaseOverpaid                more than the debtor still owes
├── InstalmentsInvalid          parts that cannot be made: `reason`
├── ClaimTooLarge               more than the award has left
├── CaseDebtorUnknown           the debtor is no supplier
├── CaseSupplierUnknown         neither the award's supplier nor one that sold under it
├── WriteOffNotProposed
├── NothingToRemit
├── YearNotReady                something of the year is still open: `reason`
├── CorrectionRefused           the kind has a reverse of its own
├── AmendmentInvalid            a term that cannot be changed so
├── TrancheNotReady             progress, report or deposit is missing: `reason`
├── ReportTooLong
├── SettlementNotReady          verification, audit or a finding is missing: `reason`
├── InKindTooLarge
├── PetitionInvalid             what is asked and what it names do not go together
├── PetitionUnamendable         more time is an amendment, and there is no agreement
├── FlagUnconfirmed             a case on a finding begins when a person confirmed it
├── BankLinkRefused             the line is explained, or the amount is another
└── BankFileInvalid             a line of the bank's file cannot be read
NotFound
├── ProgrammeUnknown
├── FormUnknown
└── CallUnknown
Conflict
├── YearExists                  the same year with other terms
├── YearEnded                   a call whose year is closing cannot open again
├── ClaimsWait                  an award ends when its claims are decided
├── InvoiceClaimed              one invoice is reimbursed once
├── CallExists                  the same code with other terms
├── GrantExists                 the same voucher with other terms
├── GrantLowered                a grant is raised, never lowered
├── LineTaken                   the year of a programme is in another plan
├── DraftStale                  somebody saved a later draft
├── HandedIn                    its text is fixed
├── CompletionOpen              the applicant may still complete it
├── SignedAlready
├── CaseMoveExists              the reference came with another amount
└── BankLineExists              the bank's reference came with other content
NotAllowed
└── NotAParty                   the actor signs for none of the parties
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, Malformed, NotAllowed, NotFound, Refused


class ApprovalMissing(Refused):
    code: ClassVar[str] = "programme.approval.missing"
    http_status: ClassVar[int] = 403


class BudgetExceeded(Refused):
    code: ClassVar[str] = "programme.budget.exceeded"


class BudgetCommitted(Refused):
    code: ClassVar[str] = "programme.budget.committed"


class CallNotOpen(Refused):
    code: ClassVar[str] = "programme.call.not_open"


class CallNotClosed(Refused):
    code: ClassVar[str] = "programme.call.not_closed"


class CallClosedAlready(Refused):
    code: ClassVar[str] = "programme.call.closed_already"


class AppealsOpen(Refused):
    code: ClassVar[str] = "programme.call.appeals_open"


class ExtensionNotLater(Refused):
    code: ClassVar[str] = "programme.call.extension_not_later"


class PeriodInvalid(Malformed):
    code: ClassVar[str] = "programme.period.invalid"


class TermInvalid(Malformed):
    code: ClassVar[str] = "programme.term.invalid"


class AmountInvalid(Malformed):
    code: ClassVar[str] = "programme.amount.invalid"


class RequestTooLarge(Refused):
    code: ClassVar[str] = "programme.application.request_too_large"


class RequirementInvalid(Malformed):
    code: ClassVar[str] = "programme.requirement.invalid"


class ConsentMissing(Refused):
    code: ClassVar[str] = "programme.match.consent_missing"


class ConsentExceeded(Refused):
    code: ClassVar[str] = "programme.match.amount_exceeded"


class MatchTooLate(Refused):
    code: ClassVar[str] = "programme.match.too_late"


class NotDistributed(Refused):
    code: ClassVar[str] = "programme.review.not_distributed"


class PeersPending(Refused):
    code: ClassVar[str] = "programme.review.peers_pending"
    reviews: int
    until: str


class CutOffInvalid(Malformed):
    code: ClassVar[str] = "programme.series.cut_off_invalid"


class NothingToCarry(Refused):
    code: ClassVar[str] = "programme.application.nothing_to_carry"


class FormUnknown(NotFound):
    code: ClassVar[str] = "programme.form.unknown"


class FormInvalid(Malformed):
    code: ClassVar[str] = "programme.form.invalid"


class AnswerInvalid(Malformed):
    code: ClassVar[str] = "programme.answer.invalid"


class ApplicationLimit(Refused):
    code: ClassVar[str] = "programme.application.limit"
    in_words: ClassVar[frozenset[str]] = Refused.in_words | {"per"}


class SelfDealing(Refused):
    code: ClassVar[str] = "programme.application.self_dealing"


class SupplierBarred(Refused):
    code: ClassVar[str] = "programme.supplier.excluded"


class AttachmentLimit(Refused):
    code: ClassVar[str] = "programme.attachment.limit"


class ChecksPending(Refused):
    code: ClassVar[str] = "programme.eligibility.pending"


class ReasonMissing(Refused):
    code: ClassVar[str] = "programme.reason.missing"


class OwnOrganisation(Refused):
    code: ClassVar[str] = "programme.decision.own_organisation"
    http_status: ClassVar[int] = 403


class SignatureDigest(Refused):
    code: ClassVar[str] = "programme.signature.other_text"


class SignatureLate(Refused):
    code: ClassVar[str] = "programme.signature.late"


class NotDueYet(Refused):
    code: ClassVar[str] = "programme.award.not_due"


class VoucherMissing(Refused):
    code: ClassVar[str] = "programme.voucher.missing"


class FulfilmentUnknown(Malformed):
    code: ClassVar[str] = "programme.fulfilment.unknown"


class ReserveEmpty(Refused):
    code: ClassVar[str] = "programme.reserve.empty"


class RankingOfAnotherCall(Refused):
    code: ClassVar[str] = "programme.ranking.of_another_call"


class HearingNotCalled(Refused):
    code: ClassVar[str] = "programme.case.hearing_not_called"


class HearingNotOver(Refused):
    code: ClassVar[str] = "programme.case.hearing_not_over"


class HearingOver(Refused):
    code: ClassVar[str] = "programme.case.hearing_over"


class ClawbackTooLarge(Refused):
    code: ClassVar[str] = "programme.case.too_large"


class CaseDebtorUnknown(Refused):
    code: ClassVar[str] = "programme.case.debtor_unknown"


class CaseSupplierUnknown(Refused):
    code: ClassVar[str] = "programme.case.supplier_unknown"


class WriteOffNotProposed(Refused):
    code: ClassVar[str] = "programme.case.write_off_not_proposed"


class NothingToRemit(Refused):
    code: ClassVar[str] = "programme.case.nothing_to_remit"


class YearNotReady(Refused):
    code: ClassVar[str] = "programme.year.not_ready"


class YearEnded(Conflict):
    code: ClassVar[str] = "programme.year.ended"


class YearOver(Refused):
    code: ClassVar[str] = "programme.year.over"
    ends_on: str


class CorrectionRefused(Refused):
    code: ClassVar[str] = "programme.correction.refused"


class AmendmentInvalid(Malformed):
    code: ClassVar[str] = "programme.amendment.invalid"


class TrancheNotReady(Refused):
    code: ClassVar[str] = "programme.tranche.not_ready"


class ReportTooLong(Refused):
    code: ClassVar[str] = "programme.report.too_long"


class SettlementNotReady(Refused):
    code: ClassVar[str] = "programme.settlement.not_ready"


class InKindTooLarge(Refused):
    code: ClassVar[str] = "programme.in_kind.too_large"


class BankLinkRefused(Refused):
    code: ClassVar[str] = "programme.bank_line.link_refused"


class BankFileInvalid(Malformed):
    code: ClassVar[str] = "programme.bank_file.invalid"


class CaseOverpaid(Refused):
    code: ClassVar[str] = "programme.case.more_than_owed"


class InstalmentsInvalid(Malformed):
    code: ClassVar[str] = "programme.case.instalments_invalid"


class CaseMoveExists(Conflict):
    code: ClassVar[str] = "programme.case.exists_with_different_amount"


class BankLineExists(Conflict):
    code: ClassVar[str] = "programme.bank_line.exists_with_different_content"


class ProgrammeUnknown(NotFound):
    code: ClassVar[str] = "programme.programme.unknown"


class CallUnknown(NotFound):
    code: ClassVar[str] = "programme.call.unknown"


class YearExists(Conflict):
    code: ClassVar[str] = "programme.year.exists_with_different_terms"


class CallExists(Conflict):
    code: ClassVar[str] = "programme.call.exists_with_different_terms"


class GrantExists(Conflict):
    code: ClassVar[str] = "programme.grant.exists_with_different_terms"


class GrantLowered(Conflict):
    code: ClassVar[str] = "programme.grant.lowered"


class DraftStale(Conflict):
    code: ClassVar[str] = "programme.draft.stale"


class HandedIn(Conflict):
    code: ClassVar[str] = "programme.application.handed_in"


class CompletionOpen(Refused):
    code: ClassVar[str] = "programme.application.completion_open"
    until: str


class SignedAlready(Conflict):
    code: ClassVar[str] = "programme.signature.given_already"


class NotAParty(NotAllowed):
    code: ClassVar[str] = "programme.agreement.not_a_party"


class NotAMinistry(Refused):
    code: ClassVar[str] = "programme.plan.not_a_ministry"


class LineTaken(Conflict):
    code: ClassVar[str] = "programme.plan.line_taken"


class MilestonesMiss(Refused):
    code: ClassVar[str] = "programme.milestone.sum_differs"


class EvidenceMissing(Refused):
    code: ClassVar[str] = "programme.milestone.evidence_missing"


class PersonDecides(Refused):
    code: ClassVar[str] = "programme.flag.person_decides"
    http_status: ClassVar[int] = 403


class PetitionInvalid(Refused):
    """`field` is missing, or does not go with what is asked."""

    code: ClassVar[str] = "programme.petition.invalid"


class PetitionUnamendable(Refused):
    """A direct grant has no agreement, so that no amendment can give it more time."""

    code: ClassVar[str] = "programme.petition.no_agreement"


class FlagUnconfirmed(Refused):
    """A finding opens a case only after a person confirmed it, and only on whom it names."""

    code: ClassVar[str] = "programme.flag.not_confirmed"
    http_status: ClassVar[int] = 409


class ClaimTooLarge(Refused):
    """The share of what was bought is more than the award has left."""

    code: ClassVar[str] = "programme.claim.too_large"


class ClaimsWait(Conflict):
    """An award that is reimbursed is not ended over a claim that nobody decided."""

    code: ClassVar[str] = "programme.claim.waits"


class InvoiceClaimed(Conflict):
    code: ClassVar[str] = "programme.claim.invoice_claimed"
