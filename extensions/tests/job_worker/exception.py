class RetryableJobError(RuntimeError):
    """The job is to be tried again."""
