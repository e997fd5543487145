"""The joint engines: private set intersection and joint grading, each in a process of its own.

The parent side (`process`, `scratch`) never imports the engine library; the child side (`stage`, `link`, `psi`,
`mpc`) runs only inside `run_stage`, because that library may abort, segfault or hang its host.
"""
