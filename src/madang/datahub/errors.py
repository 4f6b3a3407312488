"""Refusals of this room.

Malformed
├── HashMalformed           not a hash in the protocol's writing
├── XorbMalformed           a block of chunks that does not parse, or lies about its hash
├── ShardMalformed          a description of files that does not parse
Refused
├── ContentUnknown          a file names content that was never uploaded here
├── ContentDiffers          what arrived is not what was announced
├── ContentDamaged          what lies in the store is not what was put there
├── BodyMalformed           a request of the hub's protocol that does not parse
├── PathInvalid             a file's path that cannot be kept
├── FolderUnreadable        a folder of a declaration that cannot be taken in
├── TargetsMalformed        a file of targets that does not parse
├── CheckImpossible         files that a check cannot measure
├── CheckMissing            no check of this very digest has passed, or was waived
├── VersionRecalled         taken back: 410 on every path
├── NumberInvalid           a version's number that is none
├── ReleaseEarly            its promised day has not come
├── WaiverImpossible        only a failed check without a waiver can be waived
├── AccessNotAsked          the set asks for no application
├── GoalInvalid             no such field or half-year
├── GoalOpen                its half-year is not over
├── DemandInvalid           an answer or a file of answers that cannot be taken
├── ImportMalformed         a line of a CKAN dump that is no package
├── SurveyClosed            a survey that takes no answers now
├── PersonNamed             an answer holds a number of a person
├── TooMany                 a sender has said enough for a day
├── ProposalInvalid         a proposal or build terms that do not add up
├── ProposalMissing         an application to a build call without its proposal
├── ProposalFrozen          it was handed in
├── RoundsOpen              public comment is not over, or not answered
├── RoundClosed             a round of comment that takes nothing now
├── SignatureOther          the digest is of another text
├── TermsMissing            nothing was signed yet that a delivery could be held against
├── StepNotDue              another step of the project comes first
├── VoucherNeeded           a priced set, and no voucher that covers it
├── PriceImpossible         an offering of another meter
├── DeliveryNotAccepted     a step is paid only for a delivery that was accepted
├── AccessRepeated          an application stands already
├── VersionRepeated         the number or the commit is sealed already
├── AccessNeeded            a gated set without an approved application
├── SecureRoomOnly          a set whose bytes never leave
├── ResultsNotAsked         only results of a secure set are let out
├── ResultsOutsideRoom      they are handed in inside the room
├── ResultsTooMuch          more files or bytes than policy lets out at once
├── ResultKindRefused       a kind of file that nobody could look into, or another inside
├── ResultIsOfTheSet        a file of the set itself is no result
├── ResultReasonMissing     what is kept in says why
├── ResultsWaiting          enough requests of one person wait
├── RoomTakesNothing        out of a secure room nothing is written but such a request
├── NameInvalid             not "org/name" of plain letters
├── LinkExpired             an upload's address is too old, or not ours
├── CommitStale             somebody committed in between
├── HubRefused              a hub says no to our client, in its own words
├── ManifestDamaged         a list of files that came torn or altered
├── BlockDamaged            a file's blocks do not make the file that was named
├── NothingChosen           no file of the set fits what was asked for
├── TargetHoldsOther        the folder was begun with another commit
├── TargetBlocked           the disk refuses a path
├── PreviewImpossible       a file that no rows or picture can be shown of
├── ArchiveRefused          a zip that lies, hides, or grows without end
├── DiskFull                what is to come does not fit
Conflict
├── DataSetExists
├── RefExists
├── TargetInUse             a folder that holds something, or is being filled
NotFound
└── RefUnknown              no such branch, tag or commit
Unwell
├── StoreUnwell             the store takes nothing: full, or out of reach
└── HubUnreachable          no answer, or none that holds, after a few attempts
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, Malformed, NotFound, Refused, Unwell


class HashMalformed(Malformed):
    code: ClassVar[str] = "datahub.hash.malformed"


class XorbMalformed(Malformed):
    code: ClassVar[str] = "datahub.xorb.malformed"


class ShardMalformed(Malformed):
    code: ClassVar[str] = "datahub.shard.malformed"


class ContentUnknown(Refused):
    code: ClassVar[str] = "datahub.content.unknown"


class ContentDiffers(Refused):
    code: ClassVar[str] = "datahub.content.differs"


class ContentDamaged(Refused):
    code: ClassVar[str] = "datahub.content.damaged"
    http_status: ClassVar[int] = 500


class PathInvalid(Malformed):
    code: ClassVar[str] = "datahub.path.invalid"


class FolderUnreadable(Malformed):
    code: ClassVar[str] = "datahub.folder.unreadable"


class CommitStale(Refused):
    code: ClassVar[str] = "datahub.commit.stale"
    http_status: ClassVar[int] = 412


class NameInvalid(Malformed):
    code: ClassVar[str] = "datahub.set.name_invalid"


class DataSetExists(Conflict):
    code: ClassVar[str] = "datahub.set.exists"


class DataSetKept(Conflict):
    code: ClassVar[str] = "datahub.set.kept"


class RefExists(Conflict):
    code: ClassVar[str] = "datahub.ref.exists"


class RefUnknown(NotFound):
    code: ClassVar[str] = "datahub.ref.unknown"


class BodyMalformed(Malformed):
    code: ClassVar[str] = "datahub.body.malformed"


class LinkExpired(Refused):
    code: ClassVar[str] = "datahub.link.expired"
    http_status: ClassVar[int] = 403


class TargetsMalformed(Malformed):
    code: ClassVar[str] = "datahub.targets.malformed"


class CheckImpossible(Refused):
    code: ClassVar[str] = "datahub.check.impossible"


class CheckMissing(Refused):
    code: ClassVar[str] = "datahub.check.missing"


class VersionRecalled(Refused):
    code: ClassVar[str] = "datahub.version.recalled"
    http_status: ClassVar[int] = 410


class VersionRepeated(Conflict):
    code: ClassVar[str] = "datahub.version.repeated"


class AccessNeeded(Refused):
    code: ClassVar[str] = "datahub.access.needed"
    http_status: ClassVar[int] = 403


class SecureRoomOnly(Refused):
    code: ClassVar[str] = "datahub.access.secure_only"
    http_status: ClassVar[int] = 403


class ResultsNotAsked(Refused):
    code: ClassVar[str] = "datahub.results.not_asked"


class ResultsOutsideRoom(Refused):
    code: ClassVar[str] = "datahub.results.outside_room"
    http_status: ClassVar[int] = 403


class ResultsTooMuch(Malformed):
    code: ClassVar[str] = "datahub.results.too_much"


class ResultKindRefused(Malformed):
    code: ClassVar[str] = "datahub.results.kind"


class ResultIsOfTheSet(Refused):
    code: ClassVar[str] = "datahub.results.of_the_set"


class ResultReasonMissing(Refused):
    code: ClassVar[str] = "datahub.results.reason_missing"


class ResultsWaiting(Refused):
    code: ClassVar[str] = "datahub.results.waiting"


class RoomTakesNothing(Refused):
    code: ClassVar[str] = "datahub.room.takes_nothing"
    http_status: ClassVar[int] = 403


class NumberInvalid(Malformed):
    code: ClassVar[str] = "datahub.version.number_invalid"


class ReleaseEarly(Refused):
    code: ClassVar[str] = "datahub.release.early"


class WaiverImpossible(Refused):
    code: ClassVar[str] = "datahub.check.not_waivable"


class AccessNotAsked(Refused):
    code: ClassVar[str] = "datahub.access.not_asked"


class AccessWider(Refused):
    code: ClassVar[str] = "datahub.access.wider"
    http_status: ClassVar[int] = 403


class AccessRepeated(Conflict):
    code: ClassVar[str] = "datahub.access.repeated"


class GoalInvalid(Malformed):
    code: ClassVar[str] = "datahub.goal.invalid"


class GoalOpen(Refused):
    code: ClassVar[str] = "datahub.goal.open"


class DemandInvalid(Malformed):
    code: ClassVar[str] = "datahub.demand.invalid"


class SurveyClosed(Refused):
    code: ClassVar[str] = "datahub.survey.closed"


class PersonNamed(Malformed):
    code: ClassVar[str] = "datahub.text.person_named"


class TooMany(Refused):
    code: ClassVar[str] = "datahub.sender.too_many"
    http_status: ClassVar[int] = 429


class ProposalInvalid(Malformed):
    code: ClassVar[str] = "datahub.proposal.invalid"


class ProposalMissing(Refused):
    code: ClassVar[str] = "datahub.proposal.missing"


class ProposalFrozen(Refused):
    code: ClassVar[str] = "datahub.proposal.frozen"


class RoundsOpen(Refused):
    code: ClassVar[str] = "datahub.comments.open"


class RoundClosed(Refused):
    code: ClassVar[str] = "datahub.comments.closed"


class SignatureOther(Refused):
    code: ClassVar[str] = "datahub.terms.other_text"


class TermsMissing(Refused):
    code: ClassVar[str] = "datahub.terms.missing"


class StepNotDue(Refused):
    code: ClassVar[str] = "datahub.delivery.step_not_due"


class DeliveryNotAccepted(Refused):
    code: ClassVar[str] = "datahub.delivery.not_accepted"


class HubRefused(Refused):
    code: ClassVar[str] = "datahub.hub.refused"


class HubUnreachable(Unwell):
    code: ClassVar[str] = "datahub.hub.unreachable"


class ManifestDamaged(Refused):
    code: ClassVar[str] = "datahub.manifest.damaged"


class BlockDamaged(Refused):
    code: ClassVar[str] = "datahub.block.damaged"


class NothingChosen(Refused):
    code: ClassVar[str] = "datahub.choice.empty"


class TargetHoldsOther(Refused):
    code: ClassVar[str] = "datahub.target.holds_other"


class TargetBlocked(Refused):
    code: ClassVar[str] = "datahub.target.blocked"


class TargetInUse(Conflict):
    code: ClassVar[str] = "datahub.target.in_use"


class DiskFull(Refused):
    code: ClassVar[str] = "datahub.disk.full"


class PreviewImpossible(Refused):
    code: ClassVar[str] = "datahub.preview.impossible"


class ArchiveRefused(Refused):
    code: ClassVar[str] = "datahub.archive.refused"


class ImportMalformed(Malformed):
    code: ClassVar[str] = "datahub.import.malformed"


class StoreUnwell(Unwell):
    code: ClassVar[str] = "datahub.store.unwell"
    http_status: ClassVar[int] = 507


class VoucherNeeded(Refused):
    code: ClassVar[str] = "datahub.access.voucher_needed"
    http_status: ClassVar[int] = 402


class PriceImpossible(Refused):
    code: ClassVar[str] = "datahub.price.impossible"
