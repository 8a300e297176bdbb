# SPDX-License-Identifier: GPL-3.0-or-later
"""The practice target: a stand-in for everything behind az, driven through the same code path as the real thing."""
