"""Every workflow of this room, and the page that draws them."""

from __future__ import annotations

from madang.compute.findings.workflow import IDLE
from madang.compute.grants.workflow import GRANT, REPORT, REQUEST
from madang.compute.jobs.workflow import JOB
from madang.parties.workflow_drawing import drawing

HEAD = """# Workflows of GPU support

Generated from the tables in the code by `django-admin draw_gpu_workflows`; do not edit.
"""


def page() -> str:
    """Markdown with one section per noun, from asking for time to giving it back."""
    parts = {
        "GPU request 신청": drawing(REQUEST),
        "Grant 이용권": drawing(GRANT),
        "Progress report 중간보고": drawing(REPORT),
        "Job 작업": drawing(JOB),
        "Idle case 유휴": drawing(IDLE),
    }
    return HEAD + "".join(f"\n## {name}\n\n{text}" for name, text in parts.items())
