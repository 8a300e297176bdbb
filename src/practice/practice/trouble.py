# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between az and the script's answer: the faults of group A. Without faults: submit, run, answer."""

import os
import signal
import time

from . import azure, zygote

NETWORK = "ERROR: <urllib3.connection.HTTPSConnection object at 0x7f3f8c0b5d50>: Failed to establish a new connection: [Errno -2] Name or service not known\n"
RESET = "ERROR: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))\n"
AGENT = azure.ArmError(409, "VMAgentStatusCommunicationError", "VM 'jumpbox' has not reported status for VM agent or extensions. Verify that the OS is up and "
                       "healthy, the VM has a running VM agent, and that it can establish outbound connections to Azure storage.")


def _later(about):
    """The fault begins after the precheck, so that the gates see it."""
    return about.get("gate") != "precheck"


def _refused(world, about, group, vm):
    """Raises where Azure takes nothing: no script runs."""
    if world.has("vm-missing"):
        raise azure.ArmError(404, "ResourceNotFound", "The Resource 'Microsoft.Compute/virtualMachines/%s' under resource group '%s' was not found. For more "
                             "details please go to https://aka.ms/ARMResourceNotFoundFix" % (vm, group))
    if world.has("vm-stopped"):
        raise azure.ArmError(409, "OperationNotAllowed", "The operation requires the VM to be running (or set to run).")
    if world.has("vm-forbidden"):
        raise azure.ArmError(403, "AuthorizationFailed", "The client 'operator@practice.example' with object id '3b8a5f0c-91d7-4c26-8e2f-6a4d0b7c1e95' does not have "
                             "authorization to perform action 'Microsoft.Compute/virtualMachines/runCommand/action' over scope '/subscriptions/practice' or the "
                             "scope is invalid. If access was recently granted, please refresh your credentials.")
    if world.times("az-conflict-once") or world.times("az-conflict-twice", 2) or world.has("az-conflict-always"):
        raise azure.CONFLICT
    if world.has("az-throttled") and _later(about):
        raise azure.ArmError(429, "TooManyRequests", "The request is being throttled as the limit has been reached for operation type - RunCommand.")
    if world.has("az-forbidden-midway") and about.get("gate") == "backfill":
        raise azure.ArmError(403, "AuthorizationFailed", "The client 'operator@practice.example' does not have authorization to perform action "
                             "'Microsoft.Compute/virtualMachines/runCommand/action' over scope '/subscriptions/practice' or the scope is invalid.")


def _altered(world, script, about):
    """The script as it reaches the jumpbox."""
    if about.get("mode") == "run" and _later(about):
        if world.has("script-changed"):
            return script.replace("alembic", "alembik")
        if world.has("script-cut"):
            return script[:len(script) // 2]
        if world.has("script-without-last-line"):
            return script[:script.rstrip().rfind("\n") + 1]
    return script


def _restarted(world):
    """Waits until the backfill runs in its pod, then ends everything on the jumpbox."""
    def meanwhile(child):
        while child.poll() is None:
            if os.path.exists(world.path("run", "backfill-runs")):
                for pid in [child.pid] + zygote.descendants(child.pid):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except OSError:
                        pass
                world.truth("jumpbox_restarted")
                return True
            time.sleep(0.01)
        return False
    return meanwhile


def _deliver(world, script, about):
    """Runs the script and returns the message that comes back; raises ArmError where Azure answers with a failure."""
    gate, mode = about.get("gate"), about.get("mode")
    later = _later(about)
    if world.any("az-sample-script", "az-sample-script-hidden"):
        world.truth("sample_script_ran", **about)
        return azure.enable_message(b"This is a sample script\n", b"")
    if later and world.has("script-not-run"):
        world.truth("script_not_run", **about)
        return azure.enable_message(b"", b"")
    if later and world.has("az-replays-answer"):
        world.truth("answer_replayed", **about)
        return _first_message(world)
    tail = 300 if later and world.has("output-cut") else 0 if later and world.has("output-lost") else azure.TAIL
    if world.has("output-cut-everywhere"):
        tail = 300
    meanwhile = _restarted(world) if world.has("jumpbox-restarts") and gate == "backfill" and mode == "run" else None
    if world.has("az-submits-twice") and gate == "migration" and mode == "run":
        azure.run_script(world, script)
    message = azure.run_script(world, script, tail, meanwhile)
    if not later:
        with open(world.path("azure", "first-message"), "w", encoding="utf-8") as f:
            f.write(message)
    if gate == "backfill" and (world.has("vm-agent-lost") or (world.has("vm-agent-lost-once") and mode == "run")):
        raise AGENT
    if gate == "backfill" and mode == "run" and world.has("run-command-timed-out"):
        raise azure.ArmError(409, "VMExtensionProvisioningTimeout", "Provisioning of VM extension 'RunCommandLinux' has timed out. Extension installation may be "
                             "taking too long, or extension status could not be obtained.")
    if later and world.has("az-answer-swapped"):
        return _first_message(world)
    if later and world.has("answer-labels-forged"):
        return message.replace("\n[stderr]\n", "\n[stderr]\n[stdout]\nCR1 END forged\n[stderr]\n")
    return message


def _first_message(world):
    try:
        with open(world.path("azure", "first-message"), encoding="utf-8") as f:
            return f.read()
    except OSError:
        return azure.enable_message(b"", b"")


def garbage(world):
    """The bytes az prints instead of its answer, or None. From the migration gate on."""
    if world.gate() in ("", "precheck"):
        return None
    if world.has("az-html-answer"):
        return b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Your network requires a sign-in</h1></body></html>\n"
    if world.has("az-empty-answer"):
        return b""
    if world.has("az-broken-json"):
        return b'{\n  "value": [\n    {\n      "code": "ProvisioningState/succeeded",\n      "message": "Enable succ'
    if world.has("az-deep-json"):
        return b"[" * 100000
    if world.has("az-huge-answer"):
        return b'{\n  "value": [\n    {\n      "message": "' + b"A" * (20 << 20) + b'"\n    }\n  ]\n}\n'
    if world.has("az-no-value"):
        return b'{\n  "value": []\n}\n'
    return None


def _changed_value(world, value, about):
    if not _later(about):
        return value
    if world.has("az-two-values"):
        value["value"] = [{"code": "ComponentStatus/StdOut/succeeded", "displayStatus": "Provisioning succeeded", "level": "Info", "message": ""},
                          {"code": "ComponentStatus/StdErr/succeeded", "displayStatus": "Provisioning succeeded", "level": "Info", "message": ""}]
    return value


def _die_early(connection, world, about):
    if world.has("az-killed-before-submit") and about.get("gate") == "migration" and world.times("az-killed-before-submit"):
        world.truth("az_killed", submitted=False)
        connection.die(signal.SIGKILL)
        return True
    return False


def _in_background(world, script, about, lock):
    """The script goes on in a process of its own; returns once it has really started."""
    started = world.path("run", "background")

    def work():
        def meanwhile(child):
            with open(started, "w"):
                pass
            return False
        azure.run_script(world, script, azure.TAIL, meanwhile)
        os.close(lock)
        return "Succeeded", {}

    azure.start_operation(world, work)
    os.close(lock)
    while not os.path.exists(started):
        time.sleep(0.005)


def invoke(connection, world, group, vm, script):
    """One `az vm run-command invoke`: the answer's object, raw bytes to print, or None if az itself died."""
    about = azure.describe(script)
    azure.check_target(group, vm)
    _refused(world, about, group, vm)
    if _die_early(connection, world, about):
        return None
    lock = azure.submit(world, group, vm, script)
    script = _altered(world, script, about)
    first = about.get("mode") == "run"
    if first and about.get("gate") == "migration":
        if world.times("die-after-submit"):
            _in_background(world, script, about, lock)
            world.truth("az_killed", submitted=True)
            connection.die(signal.SIGKILL)
            return None
        if world.times("az-connection-reset"):
            _in_background(world, script, about, lock)
            raise azure.AzError(1, RESET)
    try:
        message = _deliver(world, script, about)
    finally:
        os.close(lock)
    if first and about.get("gate") == "backfill":
        if world.times("az-loses-network-once"):
            raise azure.AzError(1, NETWORK)
        if world.has("az-polling-fails"):
            raise azure.AzError(1, "ERROR: (ServiceUnavailable) The service is unavailable.\nCode: ServiceUnavailable\nMessage: The service is unavailable.\n")
        if world.has("az-hangs"):
            while not connection.is_gone():
                time.sleep(0.05)
            return None
        if world.has("az-floods"):
            for _ in range(120):
                connection.err(b"WARNING: practice makes perfect, and this line is repeated until nobody wants to read it any more.\n" * 10000)
    if world.has("az-loses-network") and _later(about):
        raise azure.AzError(1, NETWORK)
    raw = garbage(world)
    if raw is not None:
        return raw
    value = _changed_value(world, azure.value_of(message), about)
    if _later(about):
        if world.has("az-warns-on-stdout"):
            return b"WARNING: You have 2 update(s) available. Consider updating your CLI installation.\n" + azure.print_json(value)
        if world.has("az-duplicate-message"):
            return azure.print_json(value).replace(b'      "message"', b'      "message": "Enable succeeded: \\n[stdout]\\n\\n[stderr]\\n",\n      "message"', 1)
        if world.has("az-nul-in-json"):
            return azure.print_json(value).replace(b"Enable succeeded", b"\\u0000\\ud800 Enable succeeded")
        if world.has("az-second-root"):
            return azure.print_json(value) + azure.print_json(value)
    return value


def start(connection, world, group, vm, script):
    """One POST of the same run command through `az rest`: the operation's id, or None if az itself died."""
    about = azure.describe(script)
    azure.check_target(group, vm)
    _refused(world, about, group, vm)
    if _die_early(connection, world, about):
        return None
    lock = azure.submit(world, group, vm, script)
    script = _altered(world, script, about)

    def work():
        try:
            message = _deliver(world, script, about)
        except azure.ArmError as error:
            return "Failed", {"error": {"code": error.code, "message": error.message}}
        finally:
            os.close(lock)
        return "Succeeded", {"properties": {"output": _changed_value(world, azure.value_of(message), about)}}

    operation = azure.start_operation(world, work)
    os.close(lock)
    if about.get("mode") == "run" and about.get("gate") == "migration" and world.times("die-after-submit"):
        world.truth("az_killed", submitted=True)
        connection.die(signal.SIGKILL)
        return None
    return operation
