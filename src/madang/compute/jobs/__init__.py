"""Jobs: what a grant is spent on, each under the key that its submitter made."""
