"""Floor 8: the `madang` command. A room is loaded only when one of its verbs is called."""
