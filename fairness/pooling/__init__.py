"""Audits of sites that share no row: what a site hands over, and the numbers of all together."""
