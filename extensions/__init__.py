"""Optional addons, and the tests that run them in servers of their own."""
