"""Processing in memory: `device(name)` gives bits, cycles, energy and pictures.

>>> import numpy as np
>>> from madang.chips import pim
>>> dev = pim.device("hbm2-pim")
>>> y, report = dev.gemv(np.ones((64, 256), np.float16), np.ones(256, np.float16))
"""

from madang.chips.pim.device import Device, device
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec, names
from madang.chips.pim.system.load import decode
from madang.chips.pim.system.many import Split, gemv_on
from madang.chips.pim.system.published import published
from madang.chips.pim.traces import read_trace

__all__ = [
    "Device",
    "Report",
    "Spec",
    "Split",
    "decode",
    "device",
    "gemv_on",
    "names",
    "published",
    "read_trace",
]
