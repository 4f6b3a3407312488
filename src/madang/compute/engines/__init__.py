"""Engines: what runs jobs. One interface, no Django: the same suite tests each of them."""
