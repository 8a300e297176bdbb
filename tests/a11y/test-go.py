# SPDX-License-Identifier: GPL-3.0-or-later
"""From the start page to a sealed GO, by keyboard and AT-SPI, with the practice target behind it."""
import pathlib
import subprocess
import sys

from screen import Atspi, Screen, has_state, name_of, run, wait

PAGES = (('wizard-3-cutover', 'Step 3 of 4: T_cutover'), ('wizard-2-jumpbox', 'Step 2 of 4: Jumpbox'),
         ('wizard-1-environment', 'Step 1 of 4: Environment'))
FILES = ('01_precheck.log', '02_alembic_upgrade.log', '03_backfill.log', '04_sync_happy.log', '05_smoke_200.log', '06_smoke_404.log',
         '07_idempotency_duplicate.log', '08_cutover_decision.log', '09_rollback_or_no_rollback.log', '99_summary.md')
GATES = ('Precheck', 'Migration', 'Backfill', 'Consumer Sync', 'Smoke 200 / 404', 'Idempotency')


def main():
    with Screen(sys.argv[1], speed='instant') as screen:
        start = screen.find('push button', has='Start Practice')
        wait('the focus on Start Practice', lambda: has_state(start, Atspi.StateType.FOCUSED))
        screen.check_names('start page')
        screen.picture('start')

        screen.key('Return')
        screen.find('label', 'Step 4 of 4: Review')
        screen.check_names('review page')
        screen.picture('wizard-4-review')
        for picture, title in PAGES:
            screen.key('Alt_L', 'Left')
            screen.find('label', title)
            screen.check_names(title)
            screen.picture(picture)
        for _, title in reversed(PAGES[:-1]):
            screen.click('push button', has='Continue')
            screen.find('label', title)
        screen.click('push button', has='Continue')
        screen.find('label', 'Step 4 of 4: Review')
        wait('Start to be possible', lambda: has_state(screen.search('push button', has='Start Rehearsal'), Atspi.StateType.SENSITIVE))
        screen.key('Control_L', 'Return')

        screen.find('list item', starts='Gate 1 of 7, Precheck,')
        screen.check_names('run page')
        screen.find('list item', starts='Gate 2 of 7, Migration, passed, exit code 0')
        screen.picture('run')
        screen.find('label', 'GO', deadline=120)
        screen.check_names('decision page')
        screen.picture('decision-go')
        for index, gate in enumerate(GATES):
            screen.find('push button', starts=f'Log of {gate} gate')
        write = screen.search('push button', has='Write Summary')
        screen.focus(write)
        screen.picture('decision-go-form')
        screen.key('Return')
        screen.find('push button', has='Open Folder')
        screen.find('label', 'All ten files are there')
        screen.check_names('sealed decision page')
        screen.picture('decision-go-sealed')

        screen.key('Control_L', '4')
        screen.find('label', '＝ Equal')
        screen.check_names('payloads')
        screen.picture('payloads')
        screen.key('Control_L', '5')
        screen.find('label', 'Witnesses')
        screen.check_names('details')
        screen.picture('details')

        folders = [p.parent for p in screen.root.rglob('99_summary.md')]
        assert len(folders) == 1, f'one evidence folder, not {folders}'
        found = sorted(p.name for p in folders[0].iterdir() if p.is_file() and not p.name.startswith('.'))
        assert found == sorted(FILES), f'{found}'
        summary = (folders[0] / '99_summary.md').read_text()
        assert summary.count('decision=GO\n') == 1 and summary.count('failure_classification=NONE\n') == 1, summary
        if len(sys.argv) > 2 and pathlib.Path(sys.argv[2]).exists():
            judged = subprocess.run([sys.argv[2], 'judge', str(folders[0])], capture_output=True, text=True)
            assert judged.returncode == 0, f'rehearse judge: {judged.returncode}\n{judged.stdout}{judged.stderr}'


run(main)
