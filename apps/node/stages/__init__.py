"""What touches rows: each module here runs in a fresh process of its own (`kernel/engine/process.run_stage`)."""
