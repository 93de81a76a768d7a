from . import cycle, entitlement, program, program_membership, res_partner
