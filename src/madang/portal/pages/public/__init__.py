"""What everybody may see without signing in."""
