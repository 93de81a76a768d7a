"""What the tests of several rooms share: base classes, makers of messages, counterparts."""

from pathlib import Path

#: The root of the repository, which holds the sandbox and the tools too.
ROOT = Path(__file__).resolve().parents[2]
