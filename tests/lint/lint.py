#!/usr/bin/python3
# lint.py: rules of the house that no compiler knows (facts: reliability 6.1; design: section 8)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: lint.py SOURCE_DIR BUILD_DIR"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

SOURCE, BUILD = sys.argv[1], sys.argv[2]


def tracked(*endings):
    """Source files below SOURCE with one of these endings, as (path relative to SOURCE, text)."""
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [f for f in folders if not f.startswith(("_", ".git")) and f != "__pycache__"]
        for name in files:
            if name.endswith(endings):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as stream:
                    yield os.path.relpath(path, SOURCE), stream.read()


def without_comments(text):
    """C text with comments and string literals blanked, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


class Layers(unittest.TestCase):
    # what each layer may include: its own folder and those below it (design: section 8)
    BELOW = {"core": {"core"}, "io": {"core", "io"}, "cli": {"core", "io", "cli"}, "compat": {"compat"},
             "app": {"core", "io", "compat", "app"}}
    HEADERS = {"core": r"gtk/|adwaita|libsoup|gtksource|sys/socket|netinet|gio/gunix", "io": r"gtk/|adwaita|gtksource",
               "cli": r"gtk/|adwaita|gtksource|libsoup", "compat": r"libsoup", "app": r"libsoup"}

    def test_no_layer_includes_one_above_it(self):
        owners = {}
        for path, _ in tracked(".h"):
            parts = path.split(os.sep)
            if parts[0] == "src":
                owners.setdefault(parts[2], parts[1])
        checked = 0
        for path, text in tracked(".c", ".h"):
            parts = path.split(os.sep)
            if parts[0] != "src" or parts[1] not in self.BELOW:
                continue
            layer = parts[1]
            for header in re.findall(r'^#\s*include\s*[<"]([^>"]+)[>"]', text, flags=re.M):
                checked += 1
                owner = owners.get(os.path.basename(header)) if header.split("/")[-1].startswith("cr-") else None
                if owner is not None:
                    self.assertIn(owner, self.BELOW[layer], f"{path} includes {header}")
                self.assertIsNone(re.match(self.HEADERS[layer], header), f"{path} includes {header}")
        self.assertGreater(checked, 50)

    def test_rehearse_does_not_link_gtk(self):
        out = subprocess.run(["readelf", "-d", os.path.join(BUILD, "src/cli/rehearse")], capture_output=True, text=True, check=True).stdout
        self.assertIn("libgio-2.0", out)
        for word in ("libgtk", "libadwaita", "libgtksource"):
            self.assertNotIn(word, out)

    def test_a_core_file_that_reaches_up_does_not_compile(self):
        commands = json.load(open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8"))
        entry = next(c for c in commands if c["file"].endswith("src/core/cr-types.c"))
        command = entry["command"].split(" -o ")[0].replace("ccache ", "")
        import shlex
        argv = [a for a in shlex.split(command) if not a.startswith(("-M", "src/"))]
        for bad in ("#include <gtk/gtk.h>\n", "#include <libsoup/soup.h>\n",
                    "gint64 now (void);\ngint64 now (void) { return g_get_real_time (); }\n"):
            done = subprocess.run(argv + ["-fsyntax-only", "-x", "c", "-"], cwd=entry["directory"], input=bad, capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, bad)
        good = "int cr_fine (void);\nint cr_fine (void) { return 0; }\n"
        done = subprocess.run(argv + ["-fsyntax-only", "-x", "c", "-"], cwd=entry["directory"], input=good, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


class BannedCalls(unittest.TestCase):
    EVERYWHERE = {
        r"\b(system|popen)\s*\(": "a shell",
        r"\bg_spawn_command_line_\w+": "a shell line",
        r"\bg_shell_parse_argv\b": "a shell line",
        r"accept-certificate": "TLS is always verified",
        r"\bgtk_label_set_markup\s*\(": "no markup from data: gtk_label_set_text()",
        r"\bg_uuid_string_random\b": "not from a cryptographic source",
        r"\b(strcpy|strcat|sprintf|gets)\s*\(": "unbounded",
    }

    def test_banned_calls(self):
        seen = 0
        for path, text in tracked(".c", ".h"):
            if not path.startswith("src" + os.sep) or path.endswith("guard.h"):
                continue
            seen += 1
            code = without_comments(text)
            raw = text
            for pattern, why in self.EVERYWHERE.items():
                haystack = raw if pattern == r"accept-certificate" else code
                self.assertIsNone(re.search(pattern, haystack), f"{path}: {pattern}: {why}")
        self.assertGreater(seen, 30)

    def test_evidence_is_never_written_by_helpers_that_replace(self):
        for path, text in tracked(".c"):
            if "evidence-folder" in path and path.startswith("src"):
                self.assertIsNone(re.search(r"g_file_set_contents", without_comments(text)), path)

    def test_json_glib_does_not_read_foreign_bytes(self):
        for path, text in tracked(".c"):
            if path.startswith("src"):
                self.assertIsNone(re.search(r"json_parser_load_from_", without_comments(text)), path)


class Files(unittest.TestCase):
    def test_every_source_has_a_licence_line(self):
        for path, text in tracked(".c", ".h", ".py", ".sh"):
            if path.split(os.sep)[0] in ("src", "tests", "bench"):
                self.assertIn("SPDX-License-Identifier: GPL-3.0-or-later", text[:2000], path)

    def test_no_unfinished_words(self):
        for path, text in tracked(".c", ".h", ".ui", ".py"):
            if path.startswith(("src", "ui")):
                found = re.search(r"\b(TODO|FIXME|XXX)\b", text)
                self.assertIsNone(found, path)

    def test_shell_scripts_are_clean(self):
        if shutil.which("shellcheck") is None:
            self.skipTest("shellcheck is not installed")
        scripts = [os.path.join(SOURCE, "dev"), os.path.join(SOURCE, ".ci", "run")]
        done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_potfiles_names_every_file_with_strings(self):
        listed = [line.strip() for line in open(os.path.join(SOURCE, "po", "POTFILES.in"), encoding="utf-8")
                  if line.strip() and not line.startswith("#")]
        self.assertEqual(listed, sorted(listed), "po/POTFILES.in is not sorted")
        wanted = set()
        for path, text in tracked(".c"):
            if path.startswith("src") and re.search(r"\b(_|N_|C_|NC_|ngettext)\s*\(\s*\"", text):
                wanted.add(path)
        for path, text in tracked(".ui"):
            if path.startswith("ui") and 'translatable="yes"' in text:
                wanted.add(path)
        for path, text in tracked(".desktop.in", ".metainfo.xml.in", ".gschema.xml"):
            if path.startswith("data"):
                wanted.add(path)
        self.assertEqual(sorted(wanted - set(listed)), [], "missing in po/POTFILES.in")
        for path in listed:
            self.assertTrue(os.path.exists(os.path.join(SOURCE, path)), f"{path} is listed and does not exist")

    def test_korean_is_complete(self):
        out = subprocess.run(["msgfmt", "--check", "--statistics", "-o", "/dev/null", os.path.join(SOURCE, "po", "ko.po")],
                             capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertNotRegex(out.stderr, "fuzzy|untranslated")
        pot = subprocess.run(["xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-kC_:1c,2", "-kNC_:1c,2", "-kngettext:1,2", "-kg_dngettext:2,3",
                              "--files-from=" + os.path.join(SOURCE, "po", "POTFILES.in"), "--directory=" + SOURCE, "-o", "-"],
                             capture_output=True, text=True)
        self.assertEqual(pot.returncode, 0, pot.stderr)
        merged = subprocess.run(["msgmerge", "--no-fuzzy-matching", "-q", "-o", "-", os.path.join(SOURCE, "po", "ko.po"), "-"], input=pot.stdout,
                                capture_output=True, text=True)
        self.assertEqual(merged.returncode, 0, merged.stderr)
        stats = subprocess.run(["msgfmt", "--statistics", "-o", "/dev/null", "-"], input=merged.stdout, capture_output=True, text=True,
                               env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
        missing = subprocess.run(["msgattrib", "--untranslated", "--no-obsolete", "-"], input=merged.stdout, capture_output=True, text=True).stdout
        self.assertNotRegex(stats.stderr, "fuzzy|untranslated", missing[:3000])


class Hardening(unittest.TestCase):
    def test_programs_are_hardened(self):
        for program in ("src/cli/rehearse", "src/app/cutover-rehearsal"):
            path = os.path.join(BUILD, program)
            dynamic = subprocess.run(["readelf", "-dW", path], capture_output=True, text=True, check=True).stdout
            header = subprocess.run(["readelf", "-hW", path], capture_output=True, text=True, check=True).stdout
            segments = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True).stdout
            self.assertRegex(header, r"Type:\s+DYN", program)
            self.assertIn("BIND_NOW", dynamic, program)
            self.assertIn("GNU_RELRO", segments, program)
            self.assertRegex(segments, r"GNU_STACK.*RW ", program)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
