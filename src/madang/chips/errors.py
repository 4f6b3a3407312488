"""Refusals of the chip lab.

NotFound
├── DeviceUnknown          no device of that name
├── ChipUnknown            no device of that name has published numbers
├── ModelUnknown           no model of that name in the catalogue
└── FileMissing            a model, trace or specification is not there
Refused
├── ParameterUnknown       the device has no such number
├── ParameterImpossible    a number outside what the device can be
├── TimingImpossible       numbers that contradict each other
├── ShapeTooLarge          does not fit into the device's memory
├── ShapeImpossible        no such tensor, or a size that would be dropped silently
├── KernelUnsupported      this device has no such kernel
├── CompatUnknown          no such profile, or not for this device
├── NeverEnds              the stream asks for what its mode refuses for ever
├── NumberUnknown          the device does not publish a number that the answer needs
├── OperatorUnsupported    a model holds an operator that nobody can place
├── GradientsUnsupported   a compiled model is called where torch records gradients
├── ShapeOpen              a dimension of a model has no size
└── SweepRefused           a sweep that names nothing to vary
Malformed
├── TraceMalformed         a line of a trace cannot be read
├── DeviceMalformed        a device file cannot be read
└── ModelMalformed         a model file cannot be read
"""

from __future__ import annotations

from typing import ClassVar

from madang.chips.reasons import Reasoned
from madang.core.errors import Malformed, NotFound, Refused


class DeviceUnknown(NotFound):
    code: ClassVar[str] = "chips.device.unknown"


class ChipUnknown(NotFound):
    code: ClassVar[str] = "chips.chip.unknown"


class ModelUnknown(NotFound):
    code: ClassVar[str] = "chips.model.unknown"


class FileMissing(NotFound):
    code: ClassVar[str] = "chips.file.missing"


class ParameterUnknown(Refused):
    code: ClassVar[str] = "chips.parameter.unknown"


class ParameterImpossible(Reasoned, Refused):
    code: ClassVar[str] = "chips.parameter.impossible"


class TimingImpossible(Reasoned, Refused):
    code: ClassVar[str] = "chips.timing.impossible"


class ShapeTooLarge(Reasoned, Refused):
    code: ClassVar[str] = "chips.shape.too_large"


class ShapeImpossible(Reasoned, Refused):
    code: ClassVar[str] = "chips.shape.impossible"


class KernelUnsupported(Reasoned, Refused):
    code: ClassVar[str] = "chips.kernel.unsupported"


class CompatUnknown(Refused):
    code: ClassVar[str] = "chips.compat.unknown"


class NeverEnds(Reasoned, Refused):
    code: ClassVar[str] = "chips.stream.never_ends"


class NumberUnknown(Refused):
    code: ClassVar[str] = "chips.number.unknown"


class OperatorUnsupported(Reasoned, Refused):
    code: ClassVar[str] = "chips.operator.unsupported"


class GradientsUnsupported(Refused):
    code: ClassVar[str] = "chips.gradients.unsupported"


class ShapeOpen(Refused):
    code: ClassVar[str] = "chips.shape.open"


class SweepRefused(Reasoned, Refused):
    code: ClassVar[str] = "chips.sweep.refused"


class TraceMalformed(Reasoned, Malformed):
    code: ClassVar[str] = "chips.trace.malformed"


class DeviceMalformed(Reasoned, Malformed):
    code: ClassVar[str] = "chips.device.malformed"


class ModelMalformed(Reasoned, Malformed):
    code: ClassVar[str] = "chips.model.malformed"
