"""What stands behind `./dev`: the standard library alone, so that it starts on a bare machine."""
