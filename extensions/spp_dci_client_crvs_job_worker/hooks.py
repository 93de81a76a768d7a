"""What happens outside of any model's methods."""


def uninstall_hook(env):
    """Give what was handed to the job queue back to the scheduler at once.

    :param env: environment of the superuser
    """
    env["spp.dci.crvs.event"]._take_back()
