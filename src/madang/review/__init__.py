"""Floor 3: panels, conflicts of interest, scores, rankings, appeals, for any subject."""
