"""Figures as people and spreadsheets read them: pages, emails and commands share it."""
