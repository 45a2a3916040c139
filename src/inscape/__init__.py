"""Inscape."""
