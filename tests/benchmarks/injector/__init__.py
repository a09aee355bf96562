"""Sheets as students write them, right and with mistakes: the other side of the diagnosis benchmark.

Nothing here uses nncalc, nor knows how its search for mistakes works; so it can prove that search wrong.
"""
