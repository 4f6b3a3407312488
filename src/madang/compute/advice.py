"""What to do about a difference of books, by its cause, in both languages. No database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    en: str
    ko: str


ADVICE = {
    "open": Advice("hold until it ends", "끝날 때까지 예약을 유지함"),
    "disputed": Advice(
        "hold until the books agree, or a person decides: madang compute decide",
        "장부가 맞거나 사람이 정할 때까지 예약을 유지함: madang compute decide",
    ),
    "decided": Advice(
        "a person has decided: correct the engine's books",
        "사람이 정함: 가능하면 엔진의 장부를 바로잡을 것",
    ),
    "unmatched": Advice(
        "not a job of ours: ask the site who submitted it",
        "우리를 거치지 않은 작업: 누가 냈는지 센터에 물을 것",
    ),
    "late_edit": Advice(
        "read again: the line is reversed, and the new facts are posted",
        "다시 읽을 것: 줄을 되돌리고 새 기록을 반영함",
    ),
    "unposted": Advice("read again: a line is posted", "다시 읽을 것: 줄을 반영함"),
    "vanished": Advice(
        "ask the site; reverse only with its word", "센터에 확인할 것: 그 말이 있어야 되돌림"
    ),
    "overwritten": Advice(
        "the node saw it run: the line stands", "노드가 실행을 보았음: 줄은 그대로"
    ),
    "overcounted": Advice(
        "its nodes saw it end at another time: correct accounting, or madang compute decide",
        "노드가 본 끝과 다름: 회계를 바로잡거나 madang compute decide",
    ),
    "phantom": Advice(
        "it is over, and holds cards for the controller still: scancel it on the cluster",
        "끝났으나 제어기에서는 GPU를 잡고 있음: 클러스터에서 scancel",
    ),
    "runaway": Advice(
        "the controller does not know it: sacctmgr show runawayjobs, then read again",
        "제어기가 모르는 작업: sacctmgr show runawayjobs 뒤에 다시 읽을 것",
    ),
    "node_clock": Advice(
        "this node's clock is wrong, so that its word proves nothing: set it right",
        "노드의 시계가 틀려 증거로 쓸 수 없음: 시계를 맞출 것",
    ),
    "unreadable": Advice(
        "nobody can read this row: see what stands there, and correct accounting",
        "읽을 수 없는 기록: 그 칸을 보고 회계를 바로잡을 것",
    ),
    "unheard": Advice(
        "only its nodes saw it: ask the site, then madang compute decide",
        "노드만 아는 실행: 센터에 확인한 뒤 madang compute decide",
    ),
    "records_away": Advice(
        "the nodes' records cannot be read: mount their folder, or declare the right one",
        "노드 기록 폴더를 읽을 수 없음: 다시 연결하거나 records를 바로 적을 것",
    ),
    "unbooked": Advice(
        "it runs, and is not in accounting yet: nothing to do",
        "실행 중이며 아직 회계에 없음: 할 일 없음",
    ),
}
"""The how-to (connect-slurm) says more of each."""


def advice_on(cause: str) -> Advice:
    return ADVICE.get(cause, Advice("ask the site", "센터에 확인할 것"))
