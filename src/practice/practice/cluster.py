# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the cluster: namespace, two deployments, their pods; changed by faults."""

from . import world as w

IMAGE = "2dtfinalteam4acr.azurecr.io/tx-lookup-service:2026.02.24"
STARTED = "2026-02-23T02:11:40Z"


def namespaces(world):
    names = ["default", "kube-node-lease", "kube-public", "kube-system"]
    if not world.has("namespace-missing"):
        names.append(w.NAMESPACE)
    return names


def _deployment(name, replicas, ready, image=IMAGE):
    container = name
    status = {"observedGeneration": 7, "replicas": replicas, "updatedReplicas": replicas}
    if ready:
        status["readyReplicas"] = ready
        status["availableReplicas"] = ready
    if ready < replicas:
        status["unavailableReplicas"] = replicas - ready
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": w.NAMESPACE, "uid": "5e0c7a0e-4c1b-4a4e-9d2e-%012d" % len(name), "generation": 7,
                     "creationTimestamp": "2026-02-12T05:20:11Z", "labels": {"app": name}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": container, "image": image}]}}},
        "status": status,
    }


def deployments(world):
    api_ready = 0 if world.any("pod-crash-loop", "image-pull-failed", "api-not-ready", "pod-pending", "init-crash-loop") else 1
    consumer_ready = 0 if world.any("consumer-crash-loop", "consumer-not-ready") else 1
    found = []
    if not world.has("deployment-missing"):
        replicas = 2 if world.has("second-api-pod") else 1
        found.append(_deployment(w.API_DEPLOYMENT, replicas, api_ready * replicas))
    if not world.has("consumer-missing"):
        if world.has("consumer-scaled-to-zero"):
            found.append(_deployment(w.CONSUMER_DEPLOYMENT, 0, 0))
        else:
            found.append(_deployment(w.CONSUMER_DEPLOYMENT, 1, consumer_ready))
    return found


def _pod(name, app, restarts=0, waiting=None, last_exit=None, phase="Running", ready=True, init=None):
    if waiting:
        state, ready = {"waiting": {"reason": waiting}}, False
    else:
        state = {"running": {"startedAt": STARTED}}
    last = {"terminated": {"exitCode": last_exit, "reason": "Error", "startedAt": STARTED, "finishedAt": STARTED}} if last_exit is not None else {}
    status = {
        "phase": phase, "podIP": "10.244.0.%d" % (10 + len(name)), "startTime": STARTED,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [{"name": app, "ready": ready, "restartCount": restarts, "image": IMAGE,
                               "imageID": IMAGE.split(":")[0] + "@sha256:" + "4f" * 32, "started": ready, "state": state, "lastState": last}],
    }
    if init:
        status["initContainerStatuses"] = [init]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": w.NAMESPACE, "uid": "9b7f3f1c-7f0e-4c1e-8a55-%012d" % len(name), "labels": {"app": app},
                     "creationTimestamp": STARTED},
        "spec": {"containers": [{"name": app, "image": IMAGE}], "nodeName": "aks-nodepool1-33716250-vmss000000"},
        "status": status,
    }


def pods(world):
    found = []
    if not world.has("deployment-missing"):
        if world.has("pod-crash-loop"):
            found.append(_pod(w.API_POD, w.API_DEPLOYMENT, restarts=7, waiting="CrashLoopBackOff", last_exit=1))
        elif world.has("image-pull-failed"):
            found.append(_pod(w.API_POD, w.API_DEPLOYMENT, waiting="ImagePullBackOff", phase="Pending"))
        elif world.has("pod-pending"):
            found.append(_pod(w.API_POD, w.API_DEPLOYMENT, waiting="ContainerCreating", phase="Pending"))
        elif world.has("init-crash-loop"):
            init = {"name": "wait-for-db", "ready": False, "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}
            found.append(_pod(w.API_POD, w.API_DEPLOYMENT, waiting="PodInitializing", phase="Pending", init=init))
        else:
            found.append(_pod(w.API_POD, w.API_DEPLOYMENT, ready=not world.has("api-not-ready")))
            if world.has("second-api-pod"):
                found.append(_pod(w.SECOND_API_POD, w.API_DEPLOYMENT))
    if not world.any("consumer-missing", "consumer-scaled-to-zero"):
        if world.has("consumer-crash-loop"):
            found.append(_pod(w.CONSUMER_POD, w.CONSUMER_DEPLOYMENT, restarts=12, waiting="CrashLoopBackOff", last_exit=137))
        else:
            found.append(_pod(w.CONSUMER_POD, w.CONSUMER_DEPLOYMENT, ready=not world.has("consumer-not-ready"),
                              restarts=3 if world.has("consumer-restarted") else 0,
                              last_exit=137 if world.has("consumer-restarted") else None))
    return found


def status_word(pod):
    """kubectl's STATUS column."""
    for prefix, key in (("Init:", "initContainerStatuses"), ("", "containerStatuses")):
        for container in pod["status"].get(key, []):
            waiting = container["state"].get("waiting")
            if waiting and (prefix or waiting["reason"] != "PodInitializing"):
                return prefix + waiting["reason"]
    return pod["status"]["phase"]
