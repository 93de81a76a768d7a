from . import test_cycles, test_programs
