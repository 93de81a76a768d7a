from . import processors
