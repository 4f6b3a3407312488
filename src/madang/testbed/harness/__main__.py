"""One repetition, started by `running` in a process of its own."""

from madang.testbed.harness.worker import main

main()
