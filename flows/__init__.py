"""Orchestration: Prefect flows and the command line. No science lives here."""
