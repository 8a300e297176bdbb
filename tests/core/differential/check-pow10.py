#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes each entry of cr-pow10.h again, in whole numbers: check-pow10.py PATH-OF-cr-pow10.h"""
import re
import sys

FIRST, LAST = -292, 324
table = [int(high, 16) << 64 | int(low, 16) for high, low in re.findall(r"\{ 0x(\w{16})u, 0x(\w{16})u \}", open(sys.argv[1]).read())]
assert len(table) == LAST - FIRST + 1, len(table)
for k, entry in zip(range(FIRST, LAST + 1), table):
    above, below = (10 ** k, 1) if k >= 0 else (1, 10 ** -k)
    while above >= below << 128:
        below <<= 1
    while above < below << 127:
        above <<= 1
    assert entry == -(-above // below), k
    assert 1 << 127 <= entry < 1 << 128, k
