#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what Python's datetime and email.utils say of many texts: the expectations of test-time.c.

One case a line, TAB separated: kind, text, answer ("-" for a refusal).
"""
import random
import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d+)?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII)


def strict(text):
    if not STRICT.fullmatch(text):
        return "-"
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return "-"
    # strptime takes second 60 and 61, the contract does not
    if text[17:19] > "59" or moment.year < 1970:
        return "-"
    return str((moment - EPOCH) // timedelta(seconds=1))


def instant(text):
    # Python takes minutes of an offset above 59, RFC 3339 does not
    if not INSTANT.fullmatch(text) or re.search(r"[+-]\d\d:?[6-9]\d$", text):
        return "-"
    text = text.replace("t", "T").replace("z", "Z").replace("Z", "+00:00").replace(",", ".")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "-"
    return str((moment - EPOCH) // timedelta(microseconds=1))


def say(kind, text, answer):
    print(kind, text, answer, sep="\t")


random.seed(20260224)
days = ["1970-01-01", "1970-02-29", "1972-02-29", "1999-12-31", "2000-02-29", "2000-02-30", "2023-02-29", "2024-02-29", "2024-02-30",
        "2026-01-31", "2026-02-24", "2026-02-28", "2026-02-29", "2026-03-01", "2026-04-31", "2026-06-30", "2026-06-31", "2026-12-31",
        "2026-12-32", "2026-00-10", "2026-13-01", "2026-01-00", "2037-12-31", "2038-01-19", "2038-01-20", "2100-02-28", "2100-02-29",
        "2106-02-07", "2400-02-29", "9999-12-31", "1969-12-31", "0001-01-01", "0000-01-01"]
clocks = ["00:00:00", "03:14:07", "03:14:08", "06:28:16", "12:00:00", "23:59:59", "23:59:60", "23:60:00", "24:00:00", "99:99:99"]
for day in days:
    for clock in clocks:
        for kind, read in (("utc", strict), ("instant", instant)):
            say(kind, f"{day}T{clock}Z", read(f"{day}T{clock}Z"))
for text in ["", "now", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01 12:00:00Z", "2026-03-01T12:00Z", "2026-03-01T12:00:00z",
             "2026-03-01t12:00:00Z", "2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00.000Z", "20260301T120000Z", "2026-W09-7T12:00:00Z",
             "2026-060T12:00:00Z", " 2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z ", "+2026-03-01T12:00:00Z", "2026-3-1T12:00:00Z",
             "02026-03-01T12:00:00Z", "2026-03-01T12:00:00ZZ", "2026-03-01T12:00:-1Z", "2026-03-01T1 :00:00Z", "-026-03-01T12:00:00Z",
             "2026-03-01T12:00:00Z[UTC]", "٢٠٢٦-03-01T12:00:00Z", "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00,5Z",
             "2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.9999999+09:00", "2026-03-01T12:00:00.1+0900",
             "2026-03-01T12:00:00+09", "2026-03-01T12:00:00-09:30", "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00+23:59",
             "2026-03-01T12:00:00+9:00", "2026-03-01T12:00:00+09:0", "2026-03-01T12:00:00+09:00:00", "2026-03-01T12:00:00-00:00",
             "2026-03-01T00:00:00+09:00", "1970-01-01T00:00:00.250+00:01", "1969-12-31T23:59:59.999999Z", "2026-03-01T12:00:00+09:60",
             "2026-03-01T12:00:00 +09:00", "2026-03-01 12:00:00+00", "2026-03-01T12:00:00.5", "2026-03-01T12:00:00UTC",
             "2026-03-01T12:00:00+"]:
    say("utc", text, strict(text))
    say("instant", text, instant(text))

last = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc) - EPOCH) // timedelta(seconds=1))
moments = [random.randint(0, last) for _ in range(400)] + [random.randint(0, 2**32) for _ in range(400)]
for year in (2024, 2026, 2028, 2100, 2400):
    for month in range(1, 13):
        moments.append(int(datetime(year, month, 1, tzinfo=timezone.utc).timestamp()))
moments += [0, 1, 86399, 86400, 2**31 - 1, 2**31, 2**32, last - 300, 1772366400]
for seconds in moments:
    moment = EPOCH + timedelta(seconds=seconds)
    say("utc", moment.strftime("%Y-%m-%dT%H:%M:%SZ"), seconds)
    say("stamp", moment.strftime("%Y%m%d_%H%M%S"), seconds)
    say("http", format_datetime(moment, usegmt=True), seconds)
    zone = timezone(timedelta(minutes=random.randint(-1439, 1439)))
    if seconds > 86400 and seconds < last - 86400:
        text = (moment + timedelta(microseconds=random.randint(0, 999999))).astimezone(zone).isoformat(timespec="microseconds")
        say("instant", text, instant(text))
    # the cut line as the runbook's section 4 derives it
    if 86400 <= seconds <= last - 300:
        say("cut", ",".join((moment + timedelta(seconds=d)).strftime("%Y-%m-%dT%H:%M:%SZ") for d in (-86400, -1, 0, -300, 300, -3600)),
            seconds)
for text in ["Tue, 23 Nov 2026 09:12:28 GMT", "Mon, 23 Nov 2026 09:12:28 UTC", "Mon, 23 Nov 2026 09:12:28 +0000", "Monday, 23-Nov-26 09:12:28 GMT",
             "Mon Nov 23 09:12:28 2026", "Mon, 3 Nov 2026 09:12:28 GMT", "Mon, 31 Nov 2026 09:12:28 GMT", "mon, 23 nov 2026 09:12:28 gmt",
             "Mon, 23 Nov 2026 09:12:60 GMT", "Mon, 23 Nov 2026 09:12:28 GMT\r", "", "Mon,"]:
    say("http", text, "-")
