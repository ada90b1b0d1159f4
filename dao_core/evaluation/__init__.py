"""Evaluation: matching against references, the field's metrics, benchmark sets, overlap audits."""
