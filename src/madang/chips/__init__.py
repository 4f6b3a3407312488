"""Floor 1: the chip lab. Describe a chip, bring a model, get bits, cycles, energy, pictures."""
