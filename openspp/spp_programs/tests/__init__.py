from . import test_programs
