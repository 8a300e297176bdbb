# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as assistive technology sees it: started, read, and driven by actions and keys only.

Nothing here waits for a time: every wait is for a condition, with a deadline after which the test fails and says what was on screen."""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib  # noqa: E402

APP_ID = 'io.github.cutoverrehearsal.CutoverRehearsal'
WIDTH, HEIGHT = 1000, 700  # of the window; the screen is larger, so that lists have room to drop down
DEADLINE = float(os.environ.get('CR_A11Y_DEADLINE', '60'))
KEYS = {'Return': 0xff0d, 'Tab': 0xff09, 'Escape': 0xff1b, 'Down': 0xff54, 'Up': 0xff52, 'Left': 0xff51, 'Right': 0xff53, 'space': 0x20,
        'Home': 0xff50, 'End': 0xff57, 'Delete': 0xffff}
# There is no notification service on the test's own bus
KNOWN = re.compile('org.freedesktop.Notifications')
HELD = {'Control_L': 37, 'Shift_L': 50, 'Alt_L': 64}  # hardware codes of the evdev layout, which Xvfb has


class Lost(AssertionError):
    """What was waited for did not come."""


def wait(what, condition, deadline=None):
    """The first true value of @condition; asked again and again, while D-Bus messages come in."""
    end = time.monotonic() + (deadline or DEADLINE)
    while True:
        try:
            value = condition()
        except GLib.Error:  # a node went away while it was read: ask again
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise Lost(f'never came: {what}')
        context = GLib.MainContext.default()
        while context.pending():
            context.iteration(False)
        time.sleep(0.02)  # between two questions to another process, not instead of one


def name_of(node):
    return node.get_name() or ''


def children(node):
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield child


def has_state(node, *states):
    if node is None:
        return False
    found = node.get_state_set()
    return all(found.contains(state) for state in states)


def walk(node):
    """All nodes below @node that are not hidden, itself first. GTK 4.8 says "showing" of windows only; "visible" is what tells pages apart."""
    try:
        if node.get_role() != Atspi.Role.APPLICATION and not has_state(node, Atspi.StateType.VISIBLE):
            return
        yield node
        for child in list(children(node)):
            yield from walk(child)
    except GLib.Error:
        return


class Screen:
    def __init__(self, program, **practice):
        """@practice: keys of the practice profile's [practice] group that the program is to find, such as speed='instant'."""
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='cr-a11y-'))
        self.evidence = self.root / 'evidence'
        for folder in ('config/glib-2.0/settings', 'data', 'cache', 'state', 'home'):
            (self.root / folder).mkdir(parents=True)
        (self.root / 'config/glib-2.0/settings/keyfile').write_text(
            f'[{"/".join(APP_ID.split("."))}]\nwindow-width={WIDTH}\nwindow-height={HEIGHT}\n')
        env = dict(os.environ)
        env.update({
            'HOME': str(self.root / 'home'), 'XDG_CONFIG_HOME': str(self.root / 'config'), 'XDG_DATA_HOME': str(self.root / 'data'),
            'XDG_CACHE_HOME': str(self.root / 'cache'), 'XDG_STATE_HOME': str(self.root / 'state'), 'GSETTINGS_BACKEND': 'keyfile',
            'GDK_BACKEND': 'x11', 'GSK_RENDERER': 'cairo', 'GTK_A11Y': 'atspi', 'NO_AT_BRIDGE': '0'})
        if practice:
            data = self.root / 'shipped'
            shutil.copytree(os.environ['CR_DATA_DIR'], data)
            profile = configparser.ConfigParser(interpolation=None)
            profile.read(data / 'profiles/practice.cutover')
            if not profile.has_section('practice'):
                profile.add_section('practice')
            for key, value in practice.items():
                profile.set('practice', key, value)
            with open(data / 'profiles/practice.cutover', 'w') as file:
                profile.write(file, space_around_delimiters=False)
            env['CR_DATA_DIR'] = str(data)
        self.log = open(self.root / 'app.log', 'w+')
        self.process = subprocess.Popen([os.path.abspath(program)], env=env, cwd=self.root / 'home', stdout=self.log, stderr=subprocess.STDOUT)
        Atspi.init()
        self.focus_moves, self.focus_node = 0, None
        self.listener = Atspi.EventListener.new(self._focus_changed)
        self.listener.register('object:state-changed:focused')
        self.app = wait('the application in the accessibility tree', self._find_app)
        self.window = wait('a window', lambda: next((n for n in children(self.app) if has_state(n, Atspi.StateType.SHOWING)), None))

    def _find_app(self):
        if self.process.poll() is not None:
            raise AssertionError(f'the application ended with {self.process.returncode}:\n{self.output()}')
        desktop = Atspi.get_desktop(0)
        desktop.set_cache_mask(Atspi.Cache.NONE)  # what is asked must be what is there now
        for node in children(desktop):
            if node.get_process_id() == self.process.pid and node.get_child_count() > 0:
                node.set_cache_mask(Atspi.Cache.NONE)
                return node
        return None

    def output(self):
        self.log.flush()
        return (self.root / 'app.log').read_text(errors='replace')

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.picture('failed-' + pathlib.Path(sys.argv[0]).stem)
            print('# what the application printed: ' + self.output()[-3000:].replace('\n', '\n# '))
        complaints = [line for line in self.output().splitlines()
                      if re.search(r'(WARNING|CRITICAL|ERROR) \*\*', line) and not KNOWN.search(line)]
        self.close()
        if kind is None:
            assert not complaints, 'the application complained:\n' + '\n'.join(complaints)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        subprocess.run(['chmod', '-R', 'u+w', str(self.root)], check=False)
        shutil.rmtree(self.root, ignore_errors=True)

    # ---- reading ----

    def nodes(self):
        for top in list(children(self.app)):
            yield from walk(top)

    def search(self, role=None, name=None, starts=None, has=None):
        for node in self.nodes():
            text = name_of(node)
            if role is not None and node.get_role_name() != role:
                continue
            if name is not None and text != name:
                continue
            if starts is not None and not text.startswith(starts):
                continue
            if has is not None and has not in text:
                continue
            return node
        return None

    def find(self, role=None, name=None, starts=None, has=None, deadline=None):
        what = ' '.join(str(x) for x in (role, name, starts and starts + '…', has and '…' + has + '…') if x)
        try:
            return wait(what, lambda: self.search(role, name, starts, has), deadline)
        except Lost as error:
            raise Lost(f'{error}\n--- on screen ---\n{self.dump()}\n--- output ---\n{self.output()[-2000:]}') from None

    def dump(self):
        return '\n'.join(f'{n.get_role_name()}: {name_of(n)}' for n in self.nodes())

    def unnamed(self):
        """Focusable nodes that assistive technology could only call by their class, or not at all."""
        bad = []
        for node in self.nodes():
            states = node.get_state_set()
            if not states.contains(Atspi.StateType.FOCUSABLE) or not states.contains(Atspi.StateType.SENSITIVE):
                continue
            if node.get_role_name() in ('frame', 'window', 'dialog'):
                continue
            text = name_of(node).strip()
            if node.get_role_name() == 'list item' and text == '':
                # GTK 4.8 does not name the rows of a list view: readers take what is in them
                text = ' '.join(name_of(n) for n in walk(node) if n.get_role_name() == 'label')
            if text == '' or text.startswith(('Gtk', 'Adw', 'Cr')):
                path, up = [], node
                while up is not None and up.get_role() != Atspi.Role.APPLICATION:
                    path.append(f'{up.get_role_name()} “{name_of(up)}”')
                    up = up.get_parent()
                bad.append(' < '.join(path[:5]))
        return bad

    def check_names(self, where):
        bad = self.unnamed()
        assert not bad, f'{where}: focusable without a name of its own:\n  ' + '\n  '.join(bad)

    def text_of(self, node):
        text = node.get_text_iface()
        return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)) if text else ''

    # ---- acting ----

    def click(self, role, name=None, starts=None, has=None):
        def sensitive():
            node = self.search(role, name, starts, has)
            return node if node and node.get_state_set().contains(Atspi.StateType.SENSITIVE) else None
        self.find(role, name, starts, has)
        node = wait(f'sensitive {role} {name or starts or has}', sensitive)
        action = node.get_action_iface()
        for index in range(Atspi.Action.get_n_actions(node) if action else 0):
            if Atspi.Action.get_action_name(node, index) in ('click', 'activate', 'toggle'):
                Atspi.Action.do_action(node, index)
                return node
        raise AssertionError(f'{role} “{name_of(node)}” has no action to click')

    def _focus_changed(self, event):
        if event.detail1:
            self.focus_moves += 1
            self.focus_node = event.source

    def press_and_follow(self, *keys):
        """Presses and waits until the focus has moved."""
        moves = self.focus_moves
        self.key(*keys)
        wait(f'the focus to move with {"+".join(keys)} from {name_of(self.focus_node) if self.focus_node else "nothing"}',
             lambda: self.focus_moves > moves, 10)

    def focus(self, node):
        """Goes there as people without a mouse do; GTK 4.8 offers no other way, and none is needed."""
        for _ in range(150):
            if has_state(node, Atspi.StateType.FOCUSED):
                return
            self.press_and_follow('Tab')
        raise Lost(f'Tab never came to {node.get_role_name()} “{name_of(node)}”')

    def focused(self):
        """Where the last focus event said it is."""
        return self.focus_node

    def key(self, *keys):
        """The last one is pressed while the others are held."""
        for held in keys[:-1]:
            Atspi.generate_keyboard_event(HELD[held], None, Atspi.KeySynthType.PRESS)
        Atspi.generate_keyboard_event(KEYS.get(keys[-1], ord(keys[-1][0])), None, Atspi.KeySynthType.SYM)
        for held in reversed(keys[:-1]):
            Atspi.generate_keyboard_event(HELD[held], None, Atspi.KeySynthType.RELEASE)

    def type(self, text):
        """Into what has the focus, instead of what is there."""
        self.key('Control_L', 'a')
        Atspi.generate_keyboard_event(0, text, Atspi.KeySynthType.STRING)

    def picture(self, name):
        folder = os.environ.get('CR_SCREENSHOT_DIR')
        if not folder or shutil.which('import') is None:
            return
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            self.dump()  # the answers come from the thread that draws
        except GLib.Error:  # it is gone: what is left on screen may tell why
            pass
        subprocess.run(['import', '-window', 'root', '-crop', f'{WIDTH}x{HEIGHT}+0+0', '+repage', os.path.join(folder, name + '.png')], check=True)


def run(main):
    print('1..1')
    try:
        main()
    except (AssertionError, GLib.Error) as error:
        print(f'not ok 1 {pathlib.Path(sys.argv[0]).stem}')
        print('\n'.join('# ' + line for line in str(error).splitlines()))
        sys.exit(1)
    print(f'ok 1 {pathlib.Path(sys.argv[0]).stem}')
