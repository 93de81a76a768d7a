from . import crvs_event
