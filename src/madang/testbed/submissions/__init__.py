"""What makers hand in: a signed report, or the order of a run; decisions and appeals."""
