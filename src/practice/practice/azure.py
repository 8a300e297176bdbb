# SPDX-License-Identifier: GPL-3.0-or-later
"""az: the account, the cluster's state, and the run command on the jumpbox. Texts, layout and exit codes as measured (facts: azure.md)."""

import fcntl
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import uuid

from . import jmes
from . import world as w

TAIL = 4096
EXTENSION_SECONDS = 14.0  # what the agent and Azure need around the script, at speed 1x
SAMPLE = "This is a sample script\n"


class AzError(Exception):
    """az ends with that text on stderr and that code."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text


class ArmError(Exception):
    """Azure's answer to a request: HTTP status, code, message."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


CONFLICT = ArmError(409, "Conflict", "Run command extension execution is in progress. Please wait for completion before invoking a run command.")


def describe(script):
    """run, gate, attempt and mode as the script itself names them, for the truth log and for faults that wait for a gate."""
    match = re.search(r"^# CR1 run=(\S+) gate=(\S+) attempt=(\S+) mode=(\S+)", script, re.M)
    return dict(zip(("run", "gate", "attempt", "mode"), match.groups())) if match else {}


def vm_lock(world):
    """The jumpbox runs one script at a time: a descriptor that holds it, or None."""
    fd = os.open(world.path("azure", "vm.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except BlockingIOError:
        os.close(fd)
        return None


def _tail(data, limit):
    return data[len(data) - limit:] if len(data) > limit else data


def enable_message(out, err):
    return "Enable succeeded: \n[stdout]\n%s\n[stderr]\n%s" % (out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def _little_space():
    """No file of the script may grow beyond 1 KB: what a full disk does to it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


def run_script(world, script, tail=TAIL, meanwhile=None):
    """What the agent on the jumpbox does with a script: runs it under /bin/sh, keeps both tails, calls that success. Returns the message.

    meanwhile: called with the running child; True if the jumpbox was restarted under it.
    """
    about = describe(script)
    number = world.count("script")
    folder = world.path("jumpbox", "run-command", "download", str(number))
    os.makedirs(folder, mode=0o700)
    path = os.path.join(folder, "script.sh")
    text = script.replace("\r\n", "\n").lstrip("\ufeff")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o500)
    world.nap(EXTENSION_SECONDS * 0.25)
    world.truth("script_started", number=number, **about)
    if about.get("mode") == "run":
        world.set_gate(about["gate"])
    with open(os.path.join(folder, "stdout"), "w+b") as out, open(os.path.join(folder, "stderr"), "w+b") as err:
        child = subprocess.Popen(["/bin/sh", "-c", path], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=_little_space if world.has("spool-full") else None,
                                 env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "AZURE_GUEST_AGENT_EXTENSION_VERSION": "1.0.5"})
        killed = meanwhile(child) if meanwhile else False
        code = child.wait()
        world.truth("script_ended", number=number, exit_code=code, **about)
        if killed:
            return DIDN_T_FINISH
        out.seek(0)
        err.seek(0)
        message = enable_message(_tail(out.read(), tail), _tail(err.read(), tail))
    world.nap(EXTENSION_SECONDS * 0.75)
    return message


def value_of(message):
    """The answer to a run command, as Azure gives it."""
    entry = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded", "message": message}
    return {"value": [entry]}


DIDN_T_FINISH = "Enable succeeded: Last script execution didn't finish."


def check_target(group, vm):
    if group not in w.RESOURCE_GROUPS:
        raise ArmError(404, "ResourceGroupNotFound", "Resource group '%s' could not be found." % group)
    if vm not in w.JUMPBOX_VMS:
        raise ArmError(404, "ResourceNotFound", "The Resource 'Microsoft.Compute/virtualMachines/%s' under resource group '%s' was not found. For more details "
                       "please go to https://aka.ms/ARMResourceNotFoundFix" % (vm, group))


def submit(world, group, vm, script):
    """Accepts a run command: returns the descriptor that holds the jumpbox. Raises ArmError where nothing runs."""
    check_target(group, vm)
    lock = vm_lock(world)
    if lock is None:
        raise CONFLICT
    return lock


# -- the command line ------------------------------------------------------------------------------------------------------------------------------

_GLOBAL = {"-o": "output", "--output": "output", "--query": "query", "--subscription": "subscription"}
_GLOBAL_FLAGS = {"--only-show-errors": "only_show_errors", "--verbose": "verbose", "--debug": "debug"}


def _parse(args, options, flags=None, lists=()):
    """az's option parser, as far as the runbook and our plan need it."""
    options = dict(_GLOBAL, **options)
    flags = dict(_GLOBAL_FLAGS, **(flags or {}))
    values = {}
    args = list(args)
    while args:
        arg = args.pop(0)
        name, equals, value = arg.partition("=")
        if arg in flags:
            values[flags[arg]] = True
        elif name in options or (arg[:2] in options and len(arg) > 2 and arg[1] != "-"):
            if name not in options:
                name, value, equals = arg[:2], arg[2:], "="
            key = options[name]
            if key in lists:
                items = [value] if equals else []
                while not equals and args and not (args[0].startswith("-") and len(args[0]) > 1 and args[0] != "@-"):
                    items.append(args.pop(0))
                if not items:
                    raise AzError(2, "ERROR: argument %s: expected at least one argument\n" % name)
                values.setdefault(key, []).extend(items)
            else:
                if not equals:
                    if not args or (args[0].startswith("-") and args[0] not in ("-", "@-")):
                        raise AzError(2, "ERROR: argument %s: expected one argument\n" % name)
                    value = args.pop(0)
                values[key] = value
        else:
            raise AzError(2, "ERROR: unrecognized arguments: %s\n" % " ".join([arg] + args))
    if values.get("output") is not None and values["output"] not in ("json", "jsonc", "yaml", "yamlc", "table", "tsv", "none"):
        raise AzError(2, "ERROR: argument --output/-o: invalid choice: '%s' (choose from 'json', 'jsonc', 'yaml', 'yamlc', 'table', 'tsv', 'none')\n"
                      % values["output"])
    if values.get("only_show_errors") and (values.get("verbose") or values.get("debug")):
        raise AzError(1, "ERROR: usage error: --only-show-errors can't be used together with --debug or --verbose\n")
    if "query" in values:
        try:
            jmes.search(values["query"], None)
        except jmes.JmesError:
            raise AzError(2, "ERROR: argument --query: invalid jmespath_type value: %r\n" % values["query"])
    return values


def _tsv(value):
    def cell(item):
        return "" if item is None else str(item)

    rows = value if isinstance(value, list) else [value]
    lines = []
    for row in rows:
        if isinstance(row, dict):
            lines.append("\t".join("" if isinstance(v, (dict, list)) else cell(v) for v in row.values()))
        elif isinstance(row, list):
            lines.append("\t".join(cell(v) for v in row))
        else:
            lines.append(cell(row))
    return "".join(line + "\n" for line in lines)


def print_json(value):
    """az's -o json."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _print(connection, values, result):
    if "query" in values:
        result = jmes.search(values["query"], result)
    output = values.get("output", "json")
    if output == "none":
        return
    if output == "tsv":
        if result not in (None, [], ""):
            connection.out(_tsv(result))
        return
    if result is None and "query" in values:
        return
    connection.out(print_json(result))


def _check_login(world, token=False):
    if world.has("az-not-signed-in") or (world.has("az-signed-out-midway") and world.gate() not in ("", "precheck")):
        raise AzError(1, "ERROR: Please run 'az login' to setup account.\n")
    if not token:
        return
    advice = "Interactive authentication is needed. Please run:\naz login --scope https://management.core.windows.net//.default\n"
    trace = "Trace ID: 6f1c9a44-93b1-4d0f-8f4e-2b8d6b0c5e00\nCorrelation ID: 0a3b5c8e-7d42-4d19-9b0f-5f1a8a9c2d11\nTimestamp: %s\n" % time.strftime(
        "%Y-%m-%d %H:%M:%SZ", time.gmtime())
    if world.has("az-token-expired"):
        raise AzError(1, "ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2025-11-20T01:02:03.0000000Z and was "
                      "inactive for 90.00:00:00. " + trace + advice)
    if world.has("az-mfa-needed"):
        raise AzError(1, "ERROR: AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
                      "multi-factor authentication to access '797f4846-ba00-4fd7-ba43-dac1f8f63013'. " + trace + advice)
    if world.has("az-token-cache-gone"):
        raise AzError(1, "ERROR: User '%s' does not exist in MSAL token cache. Run `az login`.\n" % w.OPERATOR)
    if world.has("az-no-network"):
        raise AzError(1, "ERROR: <urllib3.connection.HTTPSConnection object at 0x7f3f8c0b5d50>: Failed to establish a new connection: [Errno -2] Name or service "
                      "not known\n")


def _check_subscription(values):
    wanted = values.get("subscription")
    if wanted and wanted not in (w.SUBSCRIPTION, w.SUBSCRIPTION_NAME):
        raise AzError(1, "WARNING: Subscription '%s' not recognized.\nERROR: Subscription '%s' not found. Check the spelling and casing and try again.\n"
                      % (wanted, wanted))


def _arm_text(error):
    return "ERROR: (%s) %s\nCode: %s\nMessage: %s\n" % (error.code, error.message, error.code, error.message)


def _version(connection, world, args):
    values = _parse(args, {})
    world.nap(0.5)
    version = az_version(world)
    _print(connection, values, {"azure-cli": version, "azure-cli-core": version, "azure-cli-telemetry": "1.0.8" if version == "2.45.0" else "1.1.0",
                                "extensions": {}})


def az_version(world):
    if world.has("az-operation-group"):
        return "2.45.0"
    if world.has("az-sample-script"):
        return "2.78.0"
    if world.has("az-very-old"):
        return "2.10.1"
    return "2.67.0"


def _account(world, other=False):
    return {
        "environmentName": "AzureCloud", "homeTenantId": w.TENANT,
        "id": "00000000-1111-4222-8333-444444444444" if other else w.SUBSCRIPTION, "isDefault": True, "managedByTenants": [],
        "name": "production" if other else w.SUBSCRIPTION_NAME, "state": "Enabled", "tenantId": w.TENANT,
        "user": {"name": w.OPERATOR, "type": "user"},
    }


def _leak(connection, world):
    if world.has("leaks-secrets"):
        from . import leaks
        connection.err(leaks.printed(world, "az"))


def _account_show(connection, world, args):
    values = _parse(args, {"-n": "subscription", "--name": "subscription", "-s": "subscription"})
    world.nap(0.6)
    _check_login(world)
    _check_subscription(values)
    _leak(connection, world)
    _print(connection, values, _account(world, world.has("wrong-subscription")))


def _account_list(connection, world, args):
    values = _parse(args, {}, {"--all": "all", "--refresh": "refresh"})
    world.nap(0.6)
    _print(connection, values, [] if world.has("az-not-signed-in") else [_account(world, world.has("wrong-subscription"))])


def _account_token(connection, world, args):
    values = _parse(args, {"-n": "subscription", "--name": "subscription", "-s": "subscription", "-t": "tenant", "--tenant": "tenant",
                           "--resource": "resource", "--scope": "scope", "--resource-type": "resource_type"})
    world.nap(0.7)
    _check_login(world, token=True)
    _check_subscription(values)
    expires = int(time.time()) + 4000
    _print(connection, values, {
        "accessToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJhdWQiOiJwcmFjdGljZSJ9.practice",
        "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expires)), "expires_on": expires,
        "subscription": w.SUBSCRIPTION, "tenant": w.TENANT, "tokenType": "Bearer"})


def _aks_show(connection, world, args):
    values = _parse(args, {"-g": "group", "--resource-group": "group", "-n": "name", "--name": "name"})
    for key, text in (("name", "--name/-n"), ("group", "--resource-group/-g")):
        if key not in values:
            raise AzError(2, "ERROR: the following arguments are required: %s\n" % text)
    world.nap(1.0)
    _check_login(world, token=True)
    _check_subscription(values)
    if world.has("aks-forbidden"):
        raise AzError(1, _arm_text(ArmError(403, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action "
                                            "'Microsoft.ContainerService/managedClusters/read' over scope '%s' or the scope is invalid."
                                            % (w.OPERATOR, w.TENANT, _cluster_id(values)))))
    if values["group"] not in w.RESOURCE_GROUPS:
        raise AzError(3, _arm_text(ArmError(404, "ResourceGroupNotFound", "Resource group '%s' could not be found." % values["group"])))
    if values["name"] not in w.CLUSTERS or world.has("cluster-missing"):
        raise AzError(3, _arm_text(ArmError(404, "ResourceNotFound", "The Resource 'Microsoft.ContainerService/managedClusters/%s' under resource group '%s' was "
                                            "not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
                                            % (values["name"], values["group"]))))
    _print(connection, values, {
        "agentPoolProfiles": [{"count": 2, "mode": "System", "name": "nodepool1", "powerState": {"code": "Running"}, "provisioningState": "Succeeded"}],
        "currentKubernetesVersion": "1.31.2", "fqdn": None, "id": _cluster_id(values), "kubernetesVersion": "1.31.2", "location": "koreacentral",
        "name": values["name"], "powerState": {"code": "Stopped" if world.has("cluster-stopped") else "Running"},
        "privateFqdn": "nsc-aks-dev-k1x2y3z4.privatelink.koreacentral.azmk8s.io",
        "provisioningState": "Updating" if world.has("cluster-updating") else "Failed" if world.has("cluster-failed") else "Succeeded",
        "resourceGroup": values["group"], "type": "Microsoft.ContainerService/ManagedClusters"})


def _cluster_id(values):
    return "/subscriptions/%s/resourcegroups/%s/providers/Microsoft.ContainerService/managedClusters/%s" % (w.SUBSCRIPTION, values["group"], values["name"])


def _expand(connection, text):
    """az reads @FILE and @-; a missing file is no error, the text itself is sent."""
    if text == "@-":
        return connection.stdin().decode("utf-8", "replace").rstrip("\r\n")
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8", errors="replace") as f:
                return f.read().rstrip("\r\n")
        except OSError:
            return text
    return text


def _run_command(connection, world, args):
    options = {"-g": "group", "--resource-group": "group", "-n": "vm", "--name": "vm", "--command-id": "command", "--scripts": "scripts",
               "--parameters": "parameters", "--ids": "ids"}
    values = _parse(args, options, {"--no-wait": "no_wait"}, lists=("scripts", "parameters"))
    if "command" not in values:
        raise AzError(2, "ERROR: the following arguments are required: --command-id\n")
    if "vm" not in values:
        raise AzError(1, "ERROR: (--name | --ids) are required\n")
    if "group" not in values:
        raise AzError(1, "ERROR: --resource-group --name | --ids are required\n")
    world.nap(1.4)
    script = "\n".join(_expand(connection, s) for s in values.get("scripts", []))
    _check_login(world, token=True)
    _check_subscription(values)
    if world.has("az-operation-group"):
        world.truth("az_refused", why="operation group")
        raise AzError(1, "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: API version 2022-11-01 does not have operation group "
                      "'virtual_machine_run_commands'\nTraceback (most recent call last):\n  File \"/usr/lib/python3/dist-packages/knack/cli.py\", line 231, in "
                      "invoke\n    cmd_result = self.invocation.execute(args)\nAttributeError: API version 2022-11-01 does not have operation group "
                      "'virtual_machine_run_commands'\nTo check existing issues, please visit: https://github.com/Azure/azure-cli/issues\n")
    if values["command"] != "RunShellScript":
        raise AzError(3, _arm_text(ArmError(404, "NotFound", "The entity was not found in this Azure location.")))
    from . import trouble
    try:
        result = trouble.invoke(connection, world, values["group"], values["vm"], script)
    except ArmError as error:
        raise AzError(3 if error.status == 404 else 1, _arm_text(error))
    if result is None:
        return None
    if isinstance(result, bytes):
        connection.out(result)
        return 0
    for entry in result["value"]:
        if not world.has("az-newer-answer"):
            entry.setdefault("time", None)
    if not values.get("no_wait"):
        _print(connection, values, dict(result, value=[dict(sorted(entry.items())) for entry in result["value"]]))
    return 0


_RUN_URL = re.compile(r"(?:https://management\.azure\.com)?/subscriptions/(?P<sub>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Compute/virtualMachines/"
                      r"(?P<vm>[^/?]+)/runCommand\?api-version=\d{4}-\d\d-\d\d(?:-preview)?", re.IGNORECASE)
_OPERATION_URL = re.compile(r"https://management\.azure\.com/subscriptions/[^/]+/providers/Microsoft\.Compute/locations/koreacentral/operations/"
                            r"(?P<id>[0-9a-f-]+)\?.*")
REST_WORDS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error",
              503: "Service Unavailable"}


def rest_error(error):
    body = json.dumps({"error": {"code": error.code, "message": error.message}})
    return AzError(1, "ERROR: %s(%s)\n" % (REST_WORDS[error.status], body))


def _rest(connection, world, args):
    values = _parse(args, {"-m": "method", "--method": "method", "-u": "url", "--url": "url", "--uri": "url", "-b": "body", "--body": "body",
                           "--headers": "headers", "--resource": "resource", "--uri-parameters": "uri_parameters", "--output-file": "file"},
                    {"--skip-authorization-header": "skip"}, lists=("headers", "uri_parameters"))
    if "url" not in values:
        raise AzError(2, "ERROR: the following arguments are required: --uri/--url/-u\n")
    method = values.get("method", "get").lower()
    world.nap(0.7)
    url = values["url"].replace("{subscriptionId}", w.SUBSCRIPTION)
    _check_login(world, token=True)
    _check_subscription(values)
    body = _expand(connection, values["body"]) if "body" in values else ""
    verbose = _Verbose(connection, values.get("verbose"))
    if not url.startswith("https://"):
        url = "https://management.azure.com" + url
    verbose.request(method, url, body)
    match = _RUN_URL.fullmatch(url)
    try:
        if match and method == "post":
            return _rest_run(connection, world, match, body, verbose)
        match = _OPERATION_URL.fullmatch(url)
        if match and method == "get":
            return _rest_poll(connection, world, match.group("id"), values, verbose)
        raise ArmError(404, "NotFound", "No registered resource provider found for that path.")
    except ArmError as error:
        raise rest_error(error)


class _Verbose:
    """What --verbose adds on stderr."""

    def __init__(self, connection, wanted):
        self.connection = connection
        self.wanted = wanted
        self.start = time.monotonic()

    def line(self, text):
        if self.wanted:
            self.connection.err("INFO: %s\n" % text)

    def request(self, method, url, body):
        self.line("Request URL: %r" % url)
        self.line("Request method: %r" % method.upper())
        self.line("Request headers:")
        for name, value in (("User-Agent", "python/3.11.2 (Linux) AZURECLI/2.67.0"), ("Accept-Encoding", "gzip, deflate"), ("Accept", "*/*"),
                            ("Connection", "keep-alive"), ("x-ms-client-request-id", str(uuid.uuid4())), ("CommandName", "rest"),
                            ("ParameterSetName", "--method --url --body --verbose"), ("Content-Type", "application/json"),
                            ("Authorization", "Bearer eyJ0eXAiOiJKV..."), ("Content-Length", str(len(body)))):
            self.line("    %r: %r" % (name, value))
        self.line("Request body:")
        self.line(body)

    def response(self, status, headers, content):
        self.line("Response status: %d" % status)
        self.line("Response headers:")
        for name, value in headers:
            self.line("    %r: %r" % (name, value))
        self.line("Response content:")
        self.line(content)
        self.line("Command ran in %.3f seconds (init: 0.113, invoke: %.3f)" % (time.monotonic() - self.start + 0.113, time.monotonic() - self.start))


def _rest_run(connection, world, match, body, verbose):
    if match.group("sub") != w.SUBSCRIPTION:
        raise ArmError(404, "SubscriptionNotFound", "The subscription '%s' could not be found." % match.group("sub"))
    try:
        request = json.loads(body)
        script = "\n".join(request["script"])
        command = request["commandId"]
    except (ValueError, KeyError, TypeError):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
    if command != "RunShellScript":
        raise ArmError(404, "NotFound", "The entity was not found in this Azure location.")
    from . import trouble
    operation = trouble.start(connection, world, match.group("group"), match.group("vm"), script)
    if operation is None:
        return None
    url = ("https://management.azure.com/subscriptions/%s/providers/Microsoft.Compute/locations/koreacentral/operations/%s?p=9c7e4b1a&api-version=2024-07-01"
           % (w.SUBSCRIPTION, operation))
    verbose.response(202, [("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("Content-Length", "0"), ("Expires", "-1"),
                           ("Location", url + "&monitor=true"), ("Retry-After", "10"), ("Azure-AsyncOperation", url),
                           ("x-ms-request-id", str(uuid.uuid4())), ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
                           ("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))], "")
    return 0


def _rest_poll(connection, world, operation, values, verbose):
    path = world.path("azure", "operations", operation)
    if not os.path.exists(path):
        raise ArmError(404, "NotFound", "The entity was not found in this Azure location.")
    with open(path, encoding="utf-8") as f:
        answer = json.load(f)
    verbose.response(200, [("Content-Type", "application/json; charset=utf-8")], json.dumps(answer))
    from . import trouble
    raw = trouble.garbage(world)
    if raw is not None and answer["status"] != "InProgress":
        connection.out(raw)
        return 0
    _print(connection, values, answer)
    return 0


def start_operation(world, work):
    """Runs work() -> (status, rest of the answer) in its own process, as Azure would; returns the operation's id at once."""
    operation = str(uuid.uuid4())
    path = world.path("azure", "operations", operation)
    begun = {"startTime": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), "status": "InProgress", "name": operation}
    _write(path, begun)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork() == 0:
        try:
            status, rest = work()
            _write(path, dict(begun, endTime=time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), status=status, **rest))
        finally:
            os._exit(0)
    return operation


def _write(path, value):
    with open(path + ".part", "w", encoding="utf-8") as f:
        json.dump(value, f)
    os.replace(path + ".part", path)


def _cloud_show(connection, world, args):
    values = _parse(args, {"-n": "name", "--name": "name"})
    _print(connection, values, {"endpoints": {"resourceManager": "https://management.azure.com/"}, "isActive": True, "name": "AzureCloud", "profile": "latest"})


COMMANDS = {
    ("version",): _version, ("account", "show"): _account_show, ("account", "list"): _account_list, ("account", "get-access-token"): _account_token,
    ("aks", "show"): _aks_show, ("vm", "run-command", "invoke"): _run_command, ("rest",): _rest, ("cloud", "show"): _cloud_show,
}


def az(connection, place, argv, cwd, env):
    world = w.current()
    os.chdir(cwd if os.path.isdir(cwd) else "/")
    args = argv[1:]
    if args == ["--version"]:
        connection.out("azure-cli                         %s\n\ncore                              %s\n" % ((az_version(world),) * 2))
        return 0
    try:
        if world.has("az-asks") and args[:1] == ["account"]:
            connection.err("The command requires the extension account. Do you want to install it now? (Y/n): ")
            if not connection.stdin().strip():
                raise AzError(1, "ERROR: EOF when reading a line\n")
        for words, handler in COMMANDS.items():
            if tuple(args[:len(words)]) == words:
                code = handler(connection, world, args[len(words):])
                return 0 if code is None and handler is not _run_command and handler is not _rest else code
        raise AzError(2, "ERROR: '%s' is misspelled or not recognized by the system.\n" % (args[0] if args else ""))
    except AzError as error:
        connection.err(error.text)
        return error.code
