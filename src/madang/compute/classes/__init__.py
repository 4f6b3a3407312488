"""GPU classes: what is granted at a site, and when its cards open."""
