"""Pictures as SVG text, drawn from numbers that the report holds: same input, same bytes."""
