"""Components of the node's own pages."""
