"""The test-bed: verification of chips and endpoints, with reports that anyone can check."""
