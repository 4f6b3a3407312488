"""Every workflow of this room, and the page that draws them."""

from __future__ import annotations

from madang.datahub.access.workflow import ACCESS
from madang.datahub.comments.workflow import COMMENT
from madang.datahub.deliveries.workflow import DELIVERY
from madang.datahub.demand.workflow import DEMAND, SURVEY
from madang.datahub.plan.workflow import BUILD_GOAL, BUILD_PROJECT
from madang.datahub.quality.workflow import QUALITY
from madang.datahub.releases.workflow import RELEASE
from madang.datahub.results.workflow import RESULT
from madang.datahub.terms.workflow import BUILD_TERMS
from madang.datahub.versions.workflow import VERSION
from madang.parties.workflow_drawing import drawing

HEAD = """# Workflows of the data hub

Generated from the tables in the code by `django-admin draw_hub_workflows`; do not edit.
"""


def page() -> str:
    """Markdown with one section per noun, in the order of the chain from demand to use."""
    parts = {
        "Demand survey 수요조사": drawing(SURVEY),
        "Demand 수요": drawing(DEMAND),
        "Public comment 국민 의견": drawing(COMMENT),
        "Build goal 구축 목표": drawing(BUILD_GOAL),
        "Build project 구축 과제": drawing(BUILD_PROJECT),
        "Build terms 구축 목표 합의": drawing(BUILD_TERMS),
        "Delivery 납품": drawing(DELIVERY),
        "Version 버전": drawing(VERSION),
        "Quality check 품질 검사": drawing(QUALITY),
        "Release 개방": drawing(RELEASE),
        "Access request 활용 신청": drawing(ACCESS),
        "Letting results out 반출": drawing(RESULT),
    }
    return HEAD + "".join(f"\n## {name}\n\n{text}" for name, text in parts.items())
