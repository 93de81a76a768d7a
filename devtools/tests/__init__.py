"""Tests of `./dev` itself; they need neither network nor a server."""
