"""The resident part: probes, retries and typed verbs over a Unix socket; the one process that keeps its owner's rights."""
