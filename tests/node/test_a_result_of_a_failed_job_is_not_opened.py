"""Where the job ended without a result that counts, what the recipient's node holds for it waits and opens no more."""

from __future__ import annotations

import pytest

from apps.node import results
from apps.node.errors import NodeError
from creditzone.kernel.documents import JobEnded
from tests.node import jobs, world


@pytest.mark.parametrize("sealed", [False, True])
def test_it_neither_waits_nor_opens(quartet, sealed):
    job = jobs.ready(quartet, number=5)
    if sealed:  # this party had ended well when another one failed
        with job.bank.store.write() as tx:
            tx.run("UPDATE result SET state = 'sealed', file = 'x', received_at = 1 WHERE job = ?", job.request.id)
    quartet.send(job.bank, JobEnded, job=job.request.id, reason="peer-lost")
    (found,) = results.listing(job.bank, job.officer)
    assert (found.state, found.why) == ("ended", "peer-lost")
    with pytest.raises(NodeError) as refused:
        results.open_result(job.bank, job.officer, job.request.id)
    assert refused.value.code == "result-ended"
    assert world.bodies(job.bank, "opened") == []


def test_a_job_that_is_unknown_here_changes_nothing(quartet):
    job = jobs.ready(quartet, number=5)
    quartet.send(job.bank, JobEnded, job=world.new_id(), reason="cancelled")
    assert [one.state for one in results.listing(job.bank, job.officer)] == ["waiting"]
