"""GPU support: sites for everybody, grants and jobs for those who hold them."""
