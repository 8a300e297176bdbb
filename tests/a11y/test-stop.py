# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal that waits for its T_cutover is stopped by keyboard: the question, then NO_GO."""
import sys

from screen import Atspi, Screen, has_state, run, wait


def main():
    with Screen(sys.argv[1], speed='instant') as screen:
        screen.click('push button', has='Start Practice')
        screen.find('label', 'Step 4 of 4: Review')
        screen.key('Alt_L', 'Left')
        screen.find('label', 'Step 3 of 4: T_cutover')
        screen.focus(screen.find('list item', 'Now'))
        screen.press_and_follow('Down')
        screen.key('space')
        wait('the set time to be chosen', lambda: has_state(screen.search('check box', starts='At a set time'), Atspi.StateType.CHECKED), 10)
        screen.click('push button', has='Continue')
        screen.find('label', 'Step 4 of 4: Review')
        screen.click('push button', has='Start Rehearsal')

        screen.find('timer', starts='T − 00:', deadline=90)
        screen.check_names('countdown')
        screen.find('image', starts='Buffer window of 5 minutes')
        screen.picture('countdown')
        screen.key('Control_L', 'Shift_L', 'k')
        screen.find('label', 'Stop the Rehearsal?')
        screen.picture('stop')
        screen.click('push button', has='Keep Running')
        screen.find('timer', starts='T − 00:')
        screen.click('push button', has='Cancel…')
        screen.click('push button', has='Stop Rehearsal')
        screen.find('label', 'NO_GO')
        screen.find('push button', has='Write Summary')


run(main)
