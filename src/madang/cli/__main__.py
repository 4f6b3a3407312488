"""`python -m madang.cli` is `madang`."""

from madang.cli.main import main

main()
