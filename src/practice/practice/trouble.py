# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between az and the script's answer: the faults of group A. Without faults: submit, run, answer."""

from . import azure


def invoke(connection, world, group, vm, script):
    """One `az vm run-command invoke`: the answer's object, raw bytes to print, or None if az itself died."""
    lock = azure.submit(world, group, vm, script)
    try:
        message = azure.run_script(world, script)
    finally:
        azure.os.close(lock)
    return azure._value(world, message)


def start(connection, world, group, vm, script):
    """One POST of the same run command through `az rest`: the operation's id."""
    lock = azure.submit(world, group, vm, script)

    def work():
        message = azure.run_script(world, script)
        azure.os.close(lock)
        return "Succeeded", {"properties": {"output": azure._value(world, message)}}

    return azure.start_operation(world, work)
