"""Who computes at which place of the links."""

from creditzone.kernel.documents import JobRequest


def ranks_of(request: JobRequest) -> dict[str, int]:
    """The computing parties' ranks: the recipient first where it computes, then in the order of the inputs."""
    providers = [one.provider for one in request.inputs]
    providers.sort(key=lambda uscc: uscc != request.recipient)
    return {uscc: rank for rank, uscc in enumerate(providers)}
