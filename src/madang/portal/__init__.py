"""Floor 8: pages, urls, settings, charts."""
