"""Training data for everybody: the roadmap, the fields, and each data set."""
