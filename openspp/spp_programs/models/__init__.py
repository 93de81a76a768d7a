from . import program, program_membership, res_partner
