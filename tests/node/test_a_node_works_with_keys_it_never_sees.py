"""Keys that cannot be taken out carry a whole road, and no process that touches rows is ever handed one."""

from __future__ import annotations

import json
from contextlib import ExitStack

from apps.node import computation, datasets, results
from tests.node import jobs, world
from tests.node.module import keys_elsewhere
from tests.node.world import BANK, CENTRE, NODE_PASSPHRASE


def private_texts(node) -> dict[str, str]:
    """Every private key of a node as a task or a page would write it."""
    held = node.keys.provider
    scalars = {f"sm2 {key.hex[:8]}": private.to_bytes().hex() for key, private in held._private.items()}
    return scalars | {"store": held._storage.hex()}


def test_a_provider_without_extractable_keys_carries_a_whole_road(quartet):
    with ExitStack() as stack:
        for organisation in (BANK, CENTRE):
            node = quartet.nodes[organisation]
            quartet.nodes[organisation] = stack.enter_context(keys_elsewhere(node, NODE_PASSPHRASE))
        job = jobs.ready(quartet, number=120, disclosures=("grade", "reasons"))
        world.compute_all(quartet, job.nodes, job.orders())
        world.deliver_sealed(quartet, quartet.nodes[CENTRE], job.bank)

        opened = results.open_result(job.bank, job.officer, job.request.id)

        assert len(opened.rows) > 10
        assert not opened.reasons_missing
        assert [world.bodies(node, "failed") for node in job.nodes] == [[], []]


def test_no_process_that_touches_rows_is_handed_a_private_key(quartet, monkeypatch):
    tasks = []
    for module in (computation, datasets, results):
        run = module.run_stage
        monkeypatch.setattr(
            module,
            "run_stage",
            lambda stage, task, run=run, **more: tasks.append((stage, task)) or run(stage, task, **more),
        )
    job = jobs.ready(quartet, number=120, disclosures=("grade", "reasons"))
    world.compute_all(quartet, job.nodes, job.orders())
    world.deliver_sealed(quartet, quartet.nodes[CENTRE], job.bank)
    results.open_result(job.bank, job.officer, job.request.id)

    stages = {stage.rpartition(".")[2] for stage, _ in tasks}
    assert stages == {"ingest", "open", "intersect", "grade"}
    secrets = {
        f"{node.organisation} {name}": text
        for node in quartet.nodes.values()
        for name, text in private_texts(node).items()
    }
    assert len(secrets) == 3 * len(quartet.nodes)
    for stage, task in tasks:
        text = json.dumps(task)
        assert [name for name, secret in secrets.items() if secret in text] == [], stage
        assert "link" in task or "PRIVATE KEY" not in text, stage
