"""Reasons in Korean: the part of a chip lab sentence that says why, by its English words.

A reason is written once, in English, where the refusal is raised; `{}` stands for a number or
a name. A reason without a line here stays in English rather than being lost.
"""

from __future__ import annotations

import re
from functools import cache

from madang.core.errors import Language, MadangError

KOREAN = {
    "faster on PIM": "PIM이 더 빠름",
    "PIM is slower here": "이 크기에서는 PIM이 더 느림",
    "exp stays on the host": "exp는 호스트에서 실행",
    "SiLU stays on the host": "SiLU는 호스트에서 실행",
    "GELU stays on the host": "GELU는 호스트에서 실행",
    "reduction stays on the host": "축약 연산은 호스트에서 실행",
    "PIM takes {} times as long as the host here": "이 크기에서는 PIM이 호스트의 {}배 걸림",
    "faster than {} us": "{} us보다 빨라야 함",
    "a larger matrix, or another device": "더 큰 행렬 또는 다른 장치",
    "more elements at once, or another device": "한 번에 더 많은 원소 또는 다른 장치",
    "no kernel of this device does it": "이 장치에는 해당 커널이 없음",
    "leave it out of the graph": "그래프에서 제외",
    "a size lies between {} and {}": "크기는 {} 이상 {} 이하여야 합니다",
    "a size is a whole number": "크기는 정수여야 합니다",
    "{} needs it": "{} 커널에 필요한 크기입니다",
    "{} has no such size": "{} 커널에는 이 크기가 없습니다",
    "no such kernel": "없는 커널입니다",
    "no such mode": "없는 실행 방식입니다",
    "no such way": "없는 방식입니다",
    "no such picture": "없는 그림입니다",
    "no program for it": "이 장치용 프로그램이 없습니다",
    "no number format {}": "{} 수 형식이 없습니다",
    "no unit computes in this format": "이 수 형식을 계산하는 연산기가 없습니다",
    "no energy": "에너지 값이 없습니다",
    "no host is described for this device": "이 장치에는 호스트가 기술되어 있지 않습니다",
    "no host is described beside it": "함께 기술된 호스트가 없습니다",
    "no measured instruction count for this operation and format": (
        "이 연산과 수 형식의 명령 수를 측정한 자료가 없습니다"
    ),
    "no formula is good enough, and the engine is fast": (
        "충분히 정확한 식이 없으며 엔진으로도 빠르게 계산됩니다"
    ),
    "this family has no trace format": "이 계열에는 트레이스 형식이 없습니다",
    "this run kept no log of commands": "이 실행에는 명령 기록이 없습니다",
    "the units multiply, add and move; no other operation": (
        "연산기는 곱셈, 덧셈, 이동만 할 수 있습니다"
    ),
    "the units have no such number format": "연산기에 이 수 형식이 없습니다",
    "its units multiply, accumulate and look up; the host adds": (
        "연산기는 곱셈, 누적, 표 참조만 하고 덧셈은 호스트가 합니다"
    ),
    "its units hold keys and values only; matrices stay on the GPU": (
        "연산기는 키와 값만 담당하고 행렬은 GPU에 남습니다"
    ),
    "the order in which its units add is not published": (
        "연산기가 더하는 순서가 공개되지 않았습니다"
    ),
    "saturation of int8 element-wise results is not published": (
        "int8 원소별 결과의 포화 방식이 공개되지 않았습니다"
    ),
    "32-bit accumulators could overflow": "32비트 누산기가 넘칠 수 있습니다",
    "this profile drops what lies beyond whole tiles": (
        "이 프로필은 온전한 타일을 넘는 원소를 버립니다"
    ),
    "result columns collide in this profile": "이 프로필에서는 결과 열이 겹칩니다",
    "an odd number of tiles misplaces weights": "타일 수가 홀수이면 가중치 위치가 어긋납니다",
    "it does not fit the other operand": "다른 피연산자와 맞지 않습니다",
    "a number is needed": "수가 필요합니다",
    "a number is finite": "유한한 수여야 합니다",
    "a whole number is needed": "정수가 필요합니다",
    "at least {} {}": "{} {} 이상이어야 합니다",
    "at most {} {}": "{} {} 이하여야 합니다",
    "a rate of nothing takes for ever": "속도가 0이면 끝나지 않습니다",
    "fixed by the instruction set of the family": "계열의 명령 집합이 정한 값입니다",
    "a clock has a period": "클록 주기는 0보다 커야 합니다",
    "a mask has 32 bits": "마스크는 32비트입니다",
    "whole bursts": "버스트의 배수여야 합니다",
    "a stack has 16": "스택 하나에 16개입니다",
    "a DPU has {}": "DPU 하나에 {}개입니다",
    "the engine has banks for two ranks": "엔진은 랭크 둘까지 다룹니다",
    "a burst is an even number of beats": "버스트 길이는 짝수여야 합니다",
    "RC {} is shorter than RAS {} + RP {}": "RC {}이(가) RAS {} + RP {}보다 짧습니다",
    "CCDS {} is longer than CCDL {}": "CCDS {}이(가) CCDL {}보다 깁니다",
    "REFI {} leaves no time beside a refresh of RFC {}": (
        "REFI {}로는 RFC {} 리프레시 밖에 남는 시간이 없습니다"
    ),
    "REFI {} leaves no time beside a refresh and a first column": (
        "REFI {}로는 리프레시와 첫 열 밖에 남는 시간이 없습니다"
    ),
    "the trace waits for an answer that never comes": "트레이스가 오지 않는 응답을 기다립니다",
    "the trace holds no request": "트레이스에 요청이 없습니다",
    "{} is no number": "{}은(는) 수가 아닙니다",
    "no instruction {}": "{} 명령이 없습니다",
    "{} has {} fields, not {}": "{}의 필드는 {}개이며 {}개가 아닙니다",
    "{} {} is not below {}": "{} {}은(는) {}보다 작아야 합니다",
    "{} selects no channel": "{}이(가) 선택한 채널이 없습니다",
    "{} begins no line of an AiM trace": "AiM 트레이스의 줄은 {}(으)로 시작하지 않습니다",
    "not text": "텍스트가 아닙니다",
    "not JSON": "JSON이 아닙니다",
    "not a mapping": "매핑이 아닙니다",
    "no scheduler answers at {}": "{}에서 응답하는 스케줄러가 없습니다",
    "pipeline model, no command is simulated": "파이프라인 모형이며 명령은 모의하지 않습니다",
    "host transfers not counted: set to_dpu_gb_s and from_dpu_gb_s": (
        "호스트 전송은 계산하지 않았습니다: to_dpu_gb_s와 from_dpu_gb_s를 지정하세요"
    ),
    "refresh: REFI and RFC are preset values that nobody has measured": (
        "리프레시: REFI와 RFC는 아무도 측정하지 않은 설정값입니다"
    ),
    "{} refreshes postponed past the end of the kernel": (
        "리프레시 {}회가 커널이 끝난 뒤로 미뤄졌습니다"
    ),
    "{} elements beyond whole tiles of {} are dropped in this profile": (
        "원소 {}개는 타일 크기 {}의 배수를 넘어 이 프로필에서 버려집니다"
    ),
    "max, exp and 1/sum of softmax run in the host: {} ns of the bus in overhead_ns": (
        "softmax의 max, exp, 1/sum은 호스트에서 실행: 버스 시간 {} ns는 overhead_ns에 있습니다"
    ),
    "max and 1/sum of softmax run in the host, exp in the activation table: "
    "{} ns of the bus in overhead_ns": (
        "softmax의 max와 1/sum은 호스트, exp는 활성화 표에서 실행: "
        "버스 시간 {} ns는 overhead_ns에 있습니다"
    ),
    "host: roofline of the device's own bus": "호스트: 장치 자체 버스의 루프라인",
    "attention: one head simulated, times the heads": (
        "어텐션: 헤드 하나를 모의하고 헤드 수를 곱했습니다"
    ),
    "re-layout of new keys and values not counted: {} is not published": (
        "새 키와 값의 재배치는 계산하지 않았습니다: {} 값이 공개되지 않았습니다"
    ),
    "weights and cache need {} such devices; times are of {}": (
        "가중치와 캐시에 이 장치 {}대가 필요하며 시간은 {}대 기준입니다"
    ),
    "{} publishes no energy per operation": "{} 장치의 연산당 에너지가 공개되지 않았습니다",
    "nothing under [vary]": "[vary]에 바꿀 값이 없습니다",
    "no sizes under [shape]": "[shape]에 크기가 없습니다",
}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    ordered = sorted(KOREAN.items(), key=lambda item: item[0].count("{}"))
    return [
        (re.compile(re.escape(english).replace(r"\{\}", r"(\S+)")), korean)
        for english, korean in ordered
    ]


def korean(reason: str) -> str:
    """The reason in Korean, its numbers and names in place."""
    for pattern, words in _patterns():
        found = pattern.fullmatch(reason)
        if found:
            return words.format(*found.groups())
    return reason


class Reasoned(MadangError):
    """A refusal whose sentence holds a reason: that part is told in Korean too."""

    def sentence(self, language: Language = "en") -> str:
        if language == "en":
            return super().sentence(language)
        told = type(self)(**{**self.fields, "reason": korean(str(self.fields.get("reason")))})
        return super(Reasoned, told).sentence(language)
