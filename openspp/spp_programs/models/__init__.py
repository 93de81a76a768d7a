from . import program
from . import program_membership
from . import res_partner
