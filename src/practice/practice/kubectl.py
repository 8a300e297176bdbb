# SPDX-License-Identifier: GPL-3.0-or-later
"""kubectl, kubelogin and the jumpbox's own az: what the gates call on the jumpbox. Texts and exit codes as measured (facts: azure.md 3 and 6)."""

import json
import os
import re
import selectors
import subprocess

from . import cluster, jsonpath
from . import world as w

NO_SERVER = "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n"
API_SERVER = "nsc-aks-dev-k1x2y3z4.privatelink.koreacentral.azmk8s.io"
JUMPBOX_LOGIN = "ERROR: Please run 'az login' to setup account.\n"

KUBECONFIG = """apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: UFJBQ1RJQ0U=
    server: https://%(server)s:443
  name: %(cluster)s
contexts:
- context:
    cluster: %(cluster)s
    user: clusterUser_%(group)s_%(cluster)s
  name: %(cluster)s
current-context: %(cluster)s
kind: Config
preferences: {}
users:
- name: clusterUser_%(group)s_%(cluster)s
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - 6dae42f8-4368-4678-94ff-3960e28e3630
      - --login
      - %(login)s
      command: kubelogin
      env: null
      provideClusterInfo: false
"""


def _kubeconfig_path(env):
    first = env.get("KUBECONFIG", "").split(":")[0]
    return first or os.path.join(env.get("HOME", "/"), ".kube", "config")


def _read_kubeconfig(env):
    """(contexts, current context, login mode) of the kubeconfig, or None."""
    try:
        with open(_kubeconfig_path(env), encoding="utf-8", errors="replace") as f:
            text = f.read()
    except OSError:
        return None
    contexts = re.findall(r"^- context:\n(?:    .*\n)*  name: (\S+)$", text, re.M)
    current = re.search(r"^current-context: (\S+)$", text, re.M)
    login = re.search(r"^      - --login\n      - (\S+)$", text, re.M)
    return contexts, current.group(1) if current else "", login.group(1) if login else ""


def jumpbox_az(connection, place, argv, cwd, env):
    """The jumpbox's own az: only what the runbook's wrapper calls."""
    world = w.current()
    args = argv[1:]
    if args[:2] == ["aks", "get-credentials"]:
        world.nap(2.0)
        values = {}
        rest = args[2:]
        while rest:
            option = rest.pop(0)
            if option in ("-g", "--resource-group", "-n", "--name", "--subscription", "-f", "--file", "--context"):
                if not rest:
                    connection.err("ERROR: argument %s: expected one argument\n" % option)
                    return 2
                values[{"-g": "--resource-group", "-n": "--name", "-f": "--file"}.get(option, option)] = rest.pop(0)
            elif option in ("--overwrite-existing", "--only-show-errors", "--admin", "-a"):
                values[option] = True
            else:
                connection.err("ERROR: unrecognized arguments: %s\n" % option)
                return 2
        if world.has("jumpbox-not-signed-in"):
            connection.err(JUMPBOX_LOGIN)
            return 1
        if world.has("jumpbox-msi-broken"):
            connection.err("ERROR: Failed to connect to MSI. Please make sure MSI is configured correctly.\n"
                           "Get Token request returned: <Response [400]>\n")
            return 1
        if world.has("jumpbox-forbidden"):
            connection.err("ERROR: (AuthorizationFailed) The client '%s' with object id '%s' does not have authorization to perform action "
                           "'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action' over scope '/subscriptions/%s/resourceGroups/%s"
                           "/providers/Microsoft.ContainerService/managedClusters/%s' or the scope is invalid.\n"
                           % (w.JUMPBOX_VMS[0], w.TENANT, w.SUBSCRIPTION, w.RESOURCE_GROUPS[0], w.CLUSTERS[0]))
            return 1
        if values.get("--resource-group") not in w.RESOURCE_GROUPS:
            connection.err("ERROR: (ResourceGroupNotFound) Resource group '%s' could not be found.\nCode: ResourceGroupNotFound\n"
                           "Message: Resource group '%s' could not be found.\n" % ((values.get("--resource-group"),) * 2))
            return 3
        if values.get("--name") not in w.CLUSTERS:
            text = ("The Resource 'Microsoft.ContainerService/managedClusters/%s' under resource group '%s' was not found. For more details please go to "
                    "https://aka.ms/ARMResourceNotFoundFix" % (values.get("--name"), values["--resource-group"]))
            connection.err("ERROR: (ResourceNotFound) %s\nCode: ResourceNotFound\nMessage: %s\n" % (text, text))
            return 3
        path = values.get("--file") or _kubeconfig_path(env)
        if os.path.exists(path) and not values.get("--overwrite-existing"):
            connection.err("ERROR: A different object named %s already exists in clusters in your kubeconfig file.\n" % values["--name"])
            return 1
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "w", encoding="utf-8") as f:
            f.write(KUBECONFIG % {"server": API_SERVER, "cluster": values["--name"], "group": w.RESOURCE_GROUPS[0], "login": "devicecode"})
        if not values.get("--only-show-errors"):
            connection.err('WARNING: Merged "%s" as current context in %s\n' % (values["--name"], path))
        return 0
    if args[:1] == ["version"] or args == ["--version"]:
        connection.out('{\n  "azure-cli": "2.67.0",\n  "azure-cli-core": "2.67.0",\n  "azure-cli-telemetry": "1.1.0",\n  "extensions": {}\n}\n')
        return 0
    if args[:2] == ["account", "show"]:
        if world.has("jumpbox-not-signed-in"):
            connection.err(JUMPBOX_LOGIN)
            return 1
        connection.out(json.dumps({"id": w.SUBSCRIPTION, "user": {"name": "systemAssignedIdentity", "type": "servicePrincipal"}}, indent=2) + "\n")
        return 0
    connection.err("ERROR: '%s' is misspelled or not recognized by the system.\n" % (args[0] if args else ""))
    return 2


def kubelogin(connection, place, argv, cwd, env):
    world = w.current()
    args = argv[1:]
    if args[:1] == ["--version"]:
        connection.out("kubelogin version\ngit hash: v0.1.4/0f3e7a2\nGo version: go1.22.5\nPlatform: linux/amd64\n")
        return 0
    if args[:1] != ["convert-kubeconfig"]:
        connection.err('Error: unknown command "%s" for "kubelogin"\nRun \'kubelogin --help\' for usage.\n' % (args[0] if args else ""))
        return 1
    world.nap(0.2)
    mode = "devicecode"
    for option, value in zip(args[1:], args[2:] + [""]):
        if option in ("-l", "--login"):
            mode = value
    path = _kubeconfig_path(env)
    try:
        with open(path, encoding="utf-8") as f:
            text = f.read()
    except OSError as error:
        connection.err("Error: unable to load kubeconfig: stat %s: %s\n" % (path, os.strerror(error.errno).lower()))
        return 1
    if world.has("kubelogin-fails"):
        connection.err("Error: unable to convert kubeconfig: open %s.lock: permission denied\n" % path)
        return 1
    if not world.has("kubelogin-converts-nothing"):
        text = re.sub(r"(- --login\n      - )\S+", r"\g<1>" + mode, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return 0


class _Usage(Exception):
    pass


def _flags(args):
    """kubectl's global and own flags, the words, and what stands after --."""
    flags, words, command = {}, [], None
    args = list(args)
    with_value = {"--context": "context", "-n": "namespace", "--namespace": "namespace", "-o": "output", "--output": "output", "-c": "container",
                  "--container": "container", "-l": "selector", "--selector": "selector", "--kubeconfig": "kubeconfig",
                  "--request-timeout": "request-timeout", "--cluster": "cluster", "--user": "user", "--tail": "tail"}
    plain = {"-i": "stdin", "--stdin": "stdin", "-t": "tty", "--tty": "tty", "-it": "stdin tty", "-ti": "stdin tty", "-q": "quiet", "--quiet": "quiet",
             "--no-headers": "no-headers", "-A": "all", "--all-namespaces": "all", "--client": "client", "--minify": "minify"}
    while args:
        arg = args.pop(0)
        if arg == "--":
            command = args
            break
        name, equals, value = arg.partition("=")
        if arg in plain:
            for flag in plain[arg].split():
                flags[flag] = True
        elif name in with_value:
            if not equals:
                if not args:
                    raise _Usage("error: flag needs an argument: %s\n" % arg)
                value = args.pop(0)
            flags[with_value[name]] = value
        elif arg[:2] in ("-o", "-n", "-c", "-l") and len(arg) > 2 and not arg.startswith("--"):
            flags[with_value[arg[:2]]] = arg[2:].lstrip("=")
        elif arg.startswith("-") and arg != "-":
            raise _Usage("error: unknown flag: %s\nSee 'kubectl %s --help' for usage.\n" % (arg, words[0] if words else ""))
        else:
            words.append(arg)
    return flags, words, command


def _table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "".join("   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in rows)


def _rows(kind, items, world):
    if kind == "namespace":
        return [["NAME", "STATUS", "AGE"]] + [[i["metadata"]["name"], "Active", "104d"] for i in items]
    if kind == "deployment":
        return [["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]] + [
            [i["metadata"]["name"], "%d/%d" % (i["status"].get("readyReplicas", 0), i["spec"]["replicas"]), str(i["status"]["updatedReplicas"]),
             str(i["status"].get("availableReplicas", 0)), "12d"] for i in items]
    rows = [["NAME", "READY", "STATUS", "RESTARTS", "AGE"]]
    for pod in items:
        containers = pod["status"]["containerStatuses"]
        rows.append([pod["metadata"]["name"], "%d/%d" % (sum(c["ready"] for c in containers), len(containers)), cluster.status_word(pod),
                     str(sum(c["restartCount"] for c in containers)), "36h"])
    return rows


KINDS = {"ns": "namespace", "namespace": "namespace", "namespaces": "namespace", "deploy": "deployment", "deployment": "deployment",
         "deployments": "deployment", "deployments.apps": "deployment", "deployment.apps": "deployment", "po": "pod", "pod": "pod", "pods": "pod"}
PLURAL = {"namespace": "namespaces", "deployment": "deployments.apps", "pod": "pods"}
OUTPUT_NAME = {"namespace": "namespace/", "deployment": "deployment.apps/", "pod": "pod/"}


def _objects(world, kind, namespace):
    if kind == "namespace":
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}, "status": {"phase": "Active"}} for n in cluster.namespaces(world)]
    if namespace != w.NAMESPACE or world.has("namespace-missing"):
        return []
    return cluster.deployments(world) if kind == "deployment" else cluster.pods(world)


def _get(connection, world, flags, words):
    if not words:
        connection.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n")
        return 1
    kind_word, names = words[0], words[1:]
    if "/" in kind_word:
        kind_word, name = kind_word.split("/", 1)
        names = [name] + [n.split("/", 1)[-1] for n in names]
    if kind_word not in KINDS:
        connection.err('error: the server doesn\'t have a resource type "%s"\n' % kind_word)
        return 1
    kind = KINDS[kind_word]
    if world.has("rbac-forbidden"):
        connection.err('Error from server (Forbidden): %s is forbidden: User "%s" cannot list resource "%s" in API group "" %s\n'
                       % (PLURAL[kind], w.TENANT, PLURAL[kind].split(".")[0],
                          "at the cluster scope" if kind == "namespace" else 'in the namespace "%s"' % flags.get("namespace", "default")))
        return 1
    namespace = flags.get("namespace", "default")
    objects = _objects(world, kind, namespace)
    missing = []
    if names:
        by_name = {o["metadata"]["name"]: o for o in objects}
        items = [by_name[n] for n in names if n in by_name]
        missing = [n for n in names if n not in by_name]
    else:
        items = objects
    output = flags.get("output", "")
    single = len(names) == 1
    listing = {"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}}
    shown = items[0] if single and items else listing
    if items or not names:
        if output == "":
            if items:
                connection.out(_table(_rows(kind, items, world)[1 if flags.get("no-headers") else 0:]))
            else:
                connection.err("No resources found in %s namespace.\n" % namespace)
        elif output == "name":
            connection.out("".join(OUTPUT_NAME[kind] + i["metadata"]["name"] + "\n" for i in items))
        elif output == "json":
            connection.out(json.dumps(shown, indent=4) + "\n")
        elif output.startswith("jsonpath="):
            template = output[len("jsonpath="):]
            try:
                connection.out(jsonpath.render(template, shown))
            except jsonpath.JsonPathError as error:
                connection.err("error: error executing jsonpath %s: %s\n" % (json.dumps(template), error))
                return 1
        else:
            connection.err('error: unable to match a printer suitable for the output format "%s"\n' % output)
            return 1
    for name in missing:
        connection.err('Error from server (NotFound): %s "%s" not found\n' % (PLURAL[kind], name))
    return 1 if missing else 0


def _map_in(argument, pod_root):
    """A path below /tmp or /app in a pod's argument becomes the pod's own folder: pods have no mount namespace here."""
    if not re.search(r"\s", argument):
        return pod_root + argument if re.match(r"/(tmp|app)(/|$)", argument) else argument
    return re.sub(r"(?<![\w./+=-])/(tmp|app)(?=/)", lambda m: pod_root + m.group(0), argument)


class _MapOut:
    """The other way: the pod's folder disappears from what it prints, also where it is split over two reads."""

    def __init__(self, pod_root, send):
        self.prefix = pod_root.encode()
        self.send = send
        self.held = b""

    def write(self, data):
        data = (self.held + data).replace(self.prefix, b"")
        keep = 0
        for n in range(min(len(self.prefix) - 1, len(data)), 0, -1):
            if data.endswith(self.prefix[:n]):
                keep = n
                break
        self.held = data[len(data) - keep:]
        self.send(data[:len(data) - keep])

    def close(self):
        self.send(self.held)
        self.held = b""


def pod_environment(world, pod):
    root = world.path("pods", pod)
    return {"PATH": root + "/bin:/usr/local/bin:/usr/bin:/bin", "HOME": root + "/root", "HOSTNAME": pod, "LANG": "C.UTF-8",
            "APP_ENV": "dev", "DATABASE_URL": "postgresql+psycopg://bo:practice@txlookup-db:5432/bo", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}


def _exec(connection, world, flags, words, command):
    if len(words) != 1 or not command:
        connection.err("error: you must specify at least one command for the container\n" if words else "error: pod or type/name must be specified\n")
        return 1
    target, namespace = words[0], flags.get("namespace", "default")
    kind, _slash, name = target.rpartition("/")
    pods = _objects(world, "pod", namespace)
    if kind in ("deploy", "deployment", "deployments", "deployment.apps"):
        if name not in [d["metadata"]["name"] for d in _objects(world, "deployment", namespace)]:
            connection.err('Error from server (NotFound): deployments.apps "%s" not found\n' % name)
            return 1
        matching = [p for p in pods if p["metadata"]["labels"]["app"] == name]
        if not matching:
            connection.err("error: timed out waiting for the condition\n")
            return 1
        pod = matching[world.count("exec") % len(matching)] if len(matching) > 1 else matching[0]
    else:
        matching = [p for p in pods if p["metadata"]["name"] == name]
        if not matching:
            connection.err('Error from server (NotFound): pods "%s" not found\n' % name)
            return 1
        pod = matching[0]
    pod_name, app = pod["metadata"]["name"], pod["metadata"]["labels"]["app"]
    if flags.get("container", app) != app:
        connection.err("Error from server (BadRequest): container %s is not valid for pod %s\n" % (flags["container"], pod_name))
        return 1
    if "running" not in pod["status"]["containerStatuses"][0]["state"]:
        connection.err("error: unable to upgrade connection: container not found (\"%s\")\n" % app)
        return 1
    if world.has("exec-forbidden"):
        connection.err('Error from server (Forbidden): pods "%s" is forbidden: User "%s" cannot create resource "pods/exec" in API group "" in the '
                       'namespace "%s"\n' % (pod_name, w.TENANT, namespace))
        return 1
    if flags.get("tty"):
        connection.err("Unable to use a TTY - input is not a terminal or the right kind of file\n")
    stdin = connection.stdin() if flags.get("stdin") else b""
    return run_in_pod(connection, world, pod_name, command, stdin)


def run_in_pod(connection, world, pod, command, stdin):
    root = world.path("pods", pod)
    env = pod_environment(world, pod)
    world.nap(0.4)
    if world.has("pod-without-sh") and command[0] in ("sh", "/bin/sh"):
        connection.err("error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime "
                       "exec failed: exec failed: unable to start container process: exec: \"%s\": executable file not found in $PATH: unknown\n" % command[0])
        return 1
    argv = [_map_in(a, root) for a in command]
    if argv[0] in ("sh", "/bin/sh") and len(argv) > 1 and argv[1] in ("-lc", "-cl"):
        argv[1] = "-c"  # the image's /etc/profile, not this computer's, would set PATH: it changes nothing
    dropped = _drop(world, argv)
    if dropped == "before":
        connection.err("error: error dialing backend: dial tcp 10.224.0.4:10250: i/o timeout\n")
        return 1
    try:
        child = subprocess.Popen(argv, cwd=root + "/app", env=env, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, bufsize=0)
    except OSError:
        connection.err('error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime '
                       'exec failed: exec failed: unable to start container process: exec: "%s": executable file not found in $PATH: unknown\n' % argv[0])
        return 1
    sent = [0]

    def out(data):
        if dropped is not None:
            data = data[:max(0, (0 if dropped == "exit-1" else dropped) - sent[0])]
        sent[0] += len(data)
        connection.out(data)

    sinks = {child.stdout: _MapOut(root, out), child.stderr: _MapOut(root, connection.err)}
    selector = selectors.DefaultSelector()
    for stream in sinks:
        selector.register(stream, selectors.EVENT_READ)
    if stdin:
        os.set_blocking(child.stdin.fileno(), False)
        selector.register(child.stdin, selectors.EVENT_WRITE)
    while selector.get_map():
        for key, _events in selector.select():
            if key.fileobj is child.stdin:
                try:
                    stdin = stdin[os.write(child.stdin.fileno(), stdin):]
                except BrokenPipeError:
                    stdin = b""
                if not stdin:
                    selector.unregister(child.stdin)
                    child.stdin.close()
                continue
            data = os.read(key.fd, 65536)
            if data:
                sinks[key.fileobj].write(data)
            else:
                sinks[key.fileobj].close()
                selector.unregister(key.fileobj)
    code = child.wait()
    code = 128 - code if code < 0 else code
    if dropped == "exit-1":
        connection.err("error: error reading from error stream: next reader: websocket: close 1006 (abnormal closure): unexpected EOF\n")
        return 1
    if dropped is not None:
        world.truth("kubectl_dropped", pod=pod, exit_code=code)
        return 0
    if code:
        connection.err("command terminated with exit code %d\n" % code)
    return code


def _drop(world, argv):
    """What a lost connection leaves of this command: "before", "exit-1", a number of bytes, or None for all of it."""
    if world.has("kubectl-drop-exit-0") and "upgrade" in argv:
        return 10
    if world.has("kubectl-drop-exit-1") and "upgrade" in argv:
        return "exit-1"
    if world.has("kubelet-unreachable") and "backfill" in argv:
        return "before"
    if world.has("consume-connection-lost") and "consume" in argv:
        return 10
    return None


def kubectl(connection, place, argv, cwd, env):
    world = w.current()
    try:
        flags, words, command = _flags(argv[1:])
    except _Usage as error:
        connection.err(str(error))
        return 1
    if not words:
        connection.err("kubectl controls the Kubernetes cluster manager.\n")
        return 1
    if words[0] == "version":
        connection.out("Client Version: v1.31.2\nKustomize Version: v5.4.2\n")
        return 0
    if "kubeconfig" in flags:
        env = dict(env, KUBECONFIG=flags["kubeconfig"])
    config = _read_kubeconfig(env)
    if config is None:
        connection.err(NO_SERVER if "context" not in flags else 'error: context "%s" does not exist\n' % flags["context"])
        return 1
    contexts, current, login = config
    if words[:2] == ["config", "current-context"]:
        connection.out(current + "\n")
        return 0
    if flags.get("context", current) not in contexts or (world.has("context-changed") and world.count("kubectl") == 3):
        connection.err('error: context "%s" does not exist\n' % flags.get("context", current))
        return 1
    world.nap(0.8)  # each call starts kubelogin, which starts az
    if login != "azurecli":
        connection.err("To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code PRACTICE1 to authenticate.\n"
                       "Unable to connect to the server: getting credentials: exec: executable kubelogin failed with exit code 1\n")
        return 1
    if world.has("cluster-stopped") or world.has("private-dns-missing"):
        line = "dial tcp: lookup %s on 168.63.129.16:53: no such host" % API_SERVER
        connection.err("".join('E1123 10:00:0%d.000000    4242 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list: Get '
                               '\\"https://%s:443/api?timeout=32s\\": %s"\n' % (i, API_SERVER, line) for i in range(5)))
        connection.err("Unable to connect to the server: %s\n" % line)
        return 1
    if world.has("kubectl-unauthorized"):
        connection.err("error: You must be logged in to the server (Unauthorized)\n")
        return 1
    if words[0] == "get":
        return _get(connection, world, flags, words[1:])
    if words[0] == "exec":
        return _exec(connection, world, flags, words[1:], command)
    connection.err('error: unknown command "%s" for "kubectl"\n' % words[0])
    return 1
