"""Pictures of NPU runs: SVG and Perfetto traces, drawn from numbers that the run holds."""
