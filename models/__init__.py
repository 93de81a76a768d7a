from . import processors
from . import data_source
