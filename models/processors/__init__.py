from . import processor
from . import processor_numbers
from . import matcher
from . import birth
from . import death
from . import civil_status
from . import marriage
from . import divorce
