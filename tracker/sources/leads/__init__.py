"""Leads: posts and videos that a text attributes to an account without linking them."""

from tracker.sources.leads.finder import MAX_LEADS, MAX_TEXT_CHARS, find_leads

__all__ = ["MAX_LEADS", "MAX_TEXT_CHARS", "find_leads"]
