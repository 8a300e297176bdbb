# SPDX-License-Identifier: GPL-3.0-or-later
"""kubectl's jsonpath templates: fields, indexes, slices, [*], range/end, literals, simple filters. Missing fields print nothing, as in kubectl."""

import json
import re


class JsonPathError(Exception):
    pass


_TOKEN = re.compile(r"""
    \.\.(?P<deep>[A-Za-z0-9_-]+) | \.\['(?P<q1>[^']*)'\] | \.(?P<name>(?:[A-Za-z0-9_-]|\\.)+|\*) | \['(?P<q2>[^']*)'\]
  | \[\?\((?P<filter>[^\]]*)\)\] | \[(?P<index>-?\d+|\*|-?\d*:-?\d*)\]
""", re.VERBOSE)


def _steps(path):
    steps, at = [], 0
    if path.startswith("$"):
        at = 1
    if path.startswith("@"):
        at = 1
    if path[at:] in ("", "."):
        return steps
    if path[at] not in ".[":
        path, at = "." + path[at:], 0
    while at < len(path):
        match = _TOKEN.match(path, at)
        if match is None:
            raise JsonPathError("unrecognized character in action: U+%04X %r" % (ord(path[at]), path[at]))
        steps.append(match)
        at = match.end()
    return steps


def _walk(value, found, name):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                found.append(item)
            _walk(item, found, name)
    elif isinstance(value, list):
        for item in value:
            _walk(item, found, name)


def _holds(item, condition):
    match = re.fullmatch(r"\s*@([^\s=!<>]*)\s*(?:(==|!=)\s*(.+?))?\s*", condition)
    if match is None:
        raise JsonPathError("unrecognized filter %s" % condition)
    values = evaluate("@" + match.group(1), item)
    if match.group(2) is None:
        return bool(values)
    wanted = match.group(3).strip()
    wanted = wanted[1:-1] if wanted[0] in "\"'" else json.loads(wanted)
    equal = any(v == wanted for v in values)
    return equal if match.group(2) == "==" else bool(values) and not equal


def evaluate(path, root):
    values = [root]
    for step in _steps(path):
        found = []
        name = step.group("name") or step.group("q1") or step.group("q2")
        for value in values:
            if step.group("deep"):
                _walk(value, found, step.group("deep"))
            elif name == "*" or step.group("index") == "*":
                found += list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            elif name is not None:
                name = name.replace("\\.", ".")
                if isinstance(value, dict) and name in value:
                    found.append(value[name])
            elif step.group("filter") is not None:
                found += [item for item in (value if isinstance(value, list) else []) if _holds(item, step.group("filter"))]
            else:
                index = step.group("index")
                if not isinstance(value, list):
                    continue
                if ":" in index:
                    first, last = index.split(":")
                    found += value[int(first) if first else None:int(last) if last else None]
                else:
                    try:
                        found.append(value[int(index)])
                    except IndexError:
                        raise JsonPathError("array index out of bounds: index %s, length %d" % (index, len(value)))
        values = found
    return values


def _text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def _parse(template):
    """A list of ("text", s), ("literal", s), ("path", p), ("range", p, [...])."""
    top = []
    stack = [top]
    at = 0
    while at < len(template):
        brace = template.find("{", at)
        if brace < 0:
            stack[-1].append(("text", template[at:]))
            break
        if brace > at:
            stack[-1].append(("text", template[at:brace]))
        end, quote = brace + 1, None
        while end < len(template) and (quote or template[end] != "}"):
            c = template[end]
            if c == "\\" and quote:
                end += 1
            elif quote:
                quote = None if c == quote else quote
            elif c in "\"'":
                quote = c
            end += 1
        if end >= len(template):
            raise JsonPathError("unclosed action")
        action = template[brace + 1:end].strip()
        at = end + 1
        if action == "end":
            if len(stack) == 1:
                raise JsonPathError("not in range, nothing to end")
            stack.pop()
        elif action.startswith("range ") or action == "range":
            node = ("range", action[5:].strip(), [])
            stack[-1].append(node)
            stack.append(node[2])
        elif action[:1] in ("\"", "'"):
            body = action[1:-1]
            stack[-1].append(("text", re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m.group(1), m.group(1)), body)))
        elif action:
            stack[-1].append(("path", action))
    if len(stack) > 1:
        raise JsonPathError("unexpected end of range")
    return top


def _render(nodes, item, out):
    for node in nodes:
        if node[0] == "text":
            out.append(node[1])
        elif node[0] == "path":
            out.append(" ".join(_text(v) for v in evaluate(node[1], item)))
        else:
            for value in evaluate(node[1], item):
                _render(node[2], value, out)


def render(template, root):
    """What kubectl -o jsonpath=TEMPLATE prints for that object."""
    out = []
    _render(_parse(template), root, out)
    return "".join(out)
