"""The node's console: what an organisation's people see and do at their own node."""
