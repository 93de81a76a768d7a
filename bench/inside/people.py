"""Registrants made up in SQL so that a million of them take a minute."""

import sys
import time

from odoo.tools import SQL

_PARTNERS = """
    INSERT INTO res_partner (id, name, complete_name, given_name, family_name,
                             commercial_partner_id, company_id, active,
                             is_registrant, is_group, is_company, partner_share, type, lang,
                             birthdate, create_uid, write_uid, create_date, write_date)
    SELECT id, 'Person ' || id, 'Person ' || id, 'Person', id::text, id, %(company)s,
           TRUE, TRUE, FALSE, FALSE, TRUE, 'contact', 'en_US',
           DATE '1940-01-01' + (number %% 20000), 1, 1, now(), now()
      FROM (SELECT number, nextval('res_partner_id_seq') AS id
              FROM generate_series(%(first)s, %(last)s) AS number) AS person
 RETURNING id
"""
_IDENTIFIERS = """
    INSERT INTO spp_registry_id (partner_id, id_type_id, value,
                                 create_uid, write_uid, create_date, write_date)
    SELECT partner, %(id_type)s, 'BENCH-' || (%(first)s + position - 1), 1, 1, now(), now()
      FROM unnest(%(partners)s::integer[]) WITH ORDINALITY AS item (partner, position)
"""
_MEMBERSHIPS = """
    INSERT INTO spp_program_membership (partner_id, program_id, state, enrollment_date,
                                        create_uid, write_uid, create_date, write_date)
    SELECT partner, %(program)s, 'enrolled', DATE '2024-01-01', 1, 1, now(), now()
      FROM unnest(%(partners)s::integer[]) AS partner
"""
_PORTION = 50_000
_MANY = 1_000_000


def populate(env, count, start=0):
    """Create registrants `start` to `count`, each with a UIN and one programme membership.

    :return: ids, in order
    :rtype: list[int]
    """
    vocabulary = "urn:openspp:vocab:id-type"
    id_type = env["spp.vocabulary.code"].search(
        [("namespace_uri", "=", vocabulary), ("code", "=", "UIN")]
    )
    program = env["spp.program"].create({"name": "Bench"})
    ids = []
    for first in range(start, count, _PORTION):
        last = min(first + _PORTION, count) - 1
        env.cr.execute(SQL(_PARTNERS, first=first, last=last, company=env.company.id))
        partners = sorted(row[0] for row in env.cr.fetchall())
        env.cr.execute(SQL(_IDENTIFIERS, first=first, partners=partners, id_type=id_type.id))
        env.cr.execute(SQL(_MEMBERSHIPS, partners=partners, program=program.id))
        ids += partners
    # As an update does for rows that this addon never saw.
    begin = time.monotonic()
    env["spp.registry.id"]._crvs_fill_keys()
    env.cr.commit()
    if count >= _MANY:
        seconds = time.monotonic() - begin
        print(f"normal forms of {count:,} numbers: {seconds:.0f} s", file=sys.stderr)
    env.cr.execute("ANALYZE res_partner, spp_registry_id, spp_program_membership")
    env.invalidate_all()
    return ids


def trust(env, public_key=None, algorithm="ed25519"):
    """Create the sender of the benchmark's events, and the data source that belongs to it.

    :param str public_key: PEM, for messages that come over HTTP
    :return: sender and data source
    """
    sender = env["spp.dci.crvs.sender"].create(
        {
            "name": "Bench Registry",
            "sender_id": "bench.example.org",
            "algorithm": algorithm,
            "public_key": public_key,
            # The brake must not stop a benchmark that kills thousands.
            "max_deaths_per_hour": 10_000_000,
        }
    )
    source = env["spp.dci.data.source"].create(
        {
            "name": "Bench Registry",
            "code": "bench",
            "registry_type": "CRVS",
            "base_url": "https://bench.example.org",
            "auth_type": "none",
            "our_sender_id": "spp.example.org",
            "crvs_sender_id": sender.id,
        }
    )
    return sender, source
