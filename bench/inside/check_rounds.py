"""Times death checks at the sandbox registry, one by one and in bulk, and watches the memory."""

import time
from pathlib import Path

from odoo.addons.spp_dci_client_crvs.services.crvs_service import CRVSService

from bench.inside import talk
from sandbox.generate import is_dead, uin
from sandbox.testing import SandboxProcess


def resident():
    """Return this process's memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def pairs(count, people):
    """Give pairs one at a time, so that the list of them costs no memory."""
    for number in range(count):
        yield "UIN", uin(number % people)


given = talk.arguments()
people = given["people"]
with SandboxProcess(generate=people) as registry:
    env["spp.dci.data.source"].create(  # noqa: F821
        {
            "name": "Bench Registry",
            "code": "bench",
            "registry_type": "CRVS",
            "base_url": registry.url,
            "auth_type": "oauth2",
            "oauth2_token_url": f"{registry.url}/oauth2/token",
            "oauth2_client_id": registry.client_id,
            "oauth2_client_secret": registry.client_secret,
            "our_sender_id": "spp.bench",
        }
    )
    env.cr.commit()  # noqa: F821
    service = CRVSService(env, "bench")  # noqa: F821
    service.check_death("UIN", uin(1))
    for _round in range(given["rounds"]):
        start = time.perf_counter()
        for number in range(given["singles"]):
            assert service.check_death("UIN", uin(number)) == is_dead(number)  # noqa: S101
        singles = given["singles"] / (time.perf_counter() - start)
        start = time.perf_counter()
        results = service.check_deaths(pairs(people, people))
        bulk = people / (time.perf_counter() - start)
        dead = sum(result.status == "dead" for result in results)
        assert dead == sum(map(is_dead, range(people))), dead  # noqa: S101
        del results
        talk.say(singles_per_s=singles, bulk_per_s=bulk)
    marks = []
    for number, result in enumerate(service.iter_check_deaths(pairs(given["many"], people))):
        assert result.status in ("dead", "not_dead"), result.status  # noqa: S101
        if number % (given["many"] // 10) == 0:
            marks.append(resident())
    marks.append(resident())
    talk.say(memory_mib=marks)
