# SPDX-License-Identifier: GPL-3.0-or-later
"""A practised failure ends in NO_GO; the form is filled by keyboard, and what was typed is in the evidence."""
import sys

from screen import Atspi, Screen, has_state, name_of, run, wait

FAULT = 'migration-exit-1'


def main():
    with Screen(sys.argv[1], speed='instant', fault=FAULT) as screen:
        screen.click('push button', has='Start Practice')
        screen.find('label', 'Step 4 of 4: Review')
        screen.click('push button', has='Start Rehearsal')

        screen.find('label', 'NO_GO', deadline=120)
        screen.find('label', 'MIGRATION_FAILED')
        screen.check_names('decision page')
        screen.picture('decision-no-go')

        owner = screen.search('text', starts='Owner')
        write = screen.search('push button', has='Write Summary')
        screen.focus(owner)
        screen.key('Control_L', 'a')
        screen.key('Delete')
        wait('Write Summary to be refused', lambda: not has_state(write, Atspi.StateType.SENSITIVE), 10)
        screen.type('kim')
        wait('Write Summary to be possible', lambda: has_state(write, Atspi.StateType.SENSITIVE), 10)
        retry = screen.search('text', starts='Retry time in UTC')
        screen.focus(retry)
        screen.type('2020-01-01T00:00:00Z')
        wait('a time in the past to be refused', lambda: screen.search('status bar', has='2020-01-01T00:00:00Z'), 10)
        screen.picture('decision-no-go-refused')
        screen.type('2099-01-01T00:00:00Z')
        wait('Write Summary to be possible again', lambda: has_state(write, Atspi.StateType.SENSITIVE), 10)
        screen.picture('decision-no-go-form')
        screen.focus(write)
        screen.key('Return')
        screen.find('push button', has='Open Folder')
        screen.check_names('sealed decision page')
        screen.picture('decision-no-go-sealed')

        summary = next(screen.root.rglob('99_summary.md')).read_text()
        for line in ('decision=NO_GO', 'failure_classification=MIGRATION_FAILED', 'owner=kim', 'retry_at_utc=2099-01-01T00:00:00Z'):
            assert summary.count(line + '\n') == 1, f'{line} is not once in\n{summary}'

        screen.key('Control_L', 'j')
        row = screen.find('list item', starts='Gate 2 of 7, Migration, failed')
        wait('the failed gate to be chosen', lambda: has_state(row, Atspi.StateType.SELECTED), 10)
        screen.find('text', 'Log of Migration gate')
        screen.picture('failed-gate')
        assert name_of(screen.find('list item', starts='Gate 3 of 7')).startswith('Gate 3 of 7, Backfill, not run')


run(main)
