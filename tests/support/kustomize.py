"""What `kubectl kustomize` makes of a folder, as far as deploy/ uses it, so that the manifests can be looked at without it. Whatever else a
kustomization says is an error here, rather than passed over."""
import copy, os

from debian_yaml import yaml

KNOWN = {"apiVersion", "kind", "namespace", "resources", "nameSuffix", "labels", "generatorOptions", "configMapGenerator", "images", "patches"}
NOT_NAMESPACED = {"Namespace"}


def merge(onto, patch):
    """Strategic merge: lists of things with a name by their names."""
    if isinstance(onto, dict) and isinstance(patch, dict):
        return {**onto, **{key: merge(onto[key], value) if key in onto else value for key, value in patch.items()}}
    if isinstance(onto, list) and isinstance(patch, list) and all("name" in item for item in [*onto, *patch]):
        changed = {item["name"]: item for item in patch}
        merged = [merge(item, changed.pop(item["name"])) if item["name"] in changed else item for item in onto]
        return merged + list(changed.values())
    return patch


def pod_of(manifest):
    """The pod that a workload makes, or nothing."""
    return manifest.get("spec", {}).get("template") if manifest["kind"] in ("StatefulSet", "Deployment", "Job") else None


def containers_of(manifest):
    spec = pod_of(manifest)["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def names_in(manifest):
    """(Where it stands, its key, the kind it is the name of), of every name of another manifest."""
    pod = pod_of(manifest)
    if pod:
        for volume in pod["spec"].get("volumes", []):
            if "configMap" in volume:
                yield volume["configMap"], "name", "ConfigMap"
        for container in containers_of(manifest):
            for source in container.get("envFrom", []):
                yield source["configMapRef"], "name", "ConfigMap"
        if "serviceAccountName" in pod["spec"]:
            yield pod["spec"], "serviceAccountName", "ServiceAccount"
    if manifest["kind"] == "StatefulSet":
        yield manifest["spec"], "serviceName", "Service"
    if manifest["kind"] == "RoleBinding":
        yield manifest["roleRef"], "name", "Role"


def label(manifest, pairs):
    manifest["metadata"].setdefault("labels", {}).update(pairs)
    spec = manifest.get("spec", {})
    if pod_of(manifest):
        pod_of(manifest)["metadata"].setdefault("labels", {}).update(pairs)
    if manifest["kind"] == "StatefulSet":
        for claim in spec.get("volumeClaimTemplates", []):
            claim["metadata"].setdefault("labels", {}).update(pairs)
    if manifest["kind"] == "Service":
        spec["selector"].update(pairs)
    elif manifest["kind"] in ("StatefulSet", "Deployment", "PodDisruptionBudget"):
        spec["selector"]["matchLabels"].update(pairs)


def generated(folder, one, options):
    assert set(one) <= {"name", "files", "literals"} and options.get("disableNameSuffixHash"), (folder, one, options)
    data = dict(literal.split("=", 1) for literal in one.get("literals", []))
    for name in one.get("files", []):
        with open(os.path.join(folder, name)) as file:
            data[os.path.basename(name)] = file.read()
    metadata = {"name": one["name"], **({"labels": options["labels"]} if "labels" in options else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def load(path):
    with open(path) as file:
        return [manifest for manifest in yaml.safe_load_all(file) if manifest]


def render(folder):
    said = load(os.path.join(folder, "kustomization.yaml"))[0]
    assert set(said) <= KNOWN, f"{folder}: {set(said) - KNOWN}"
    out = []
    for resource in said.get("resources", []):
        path = os.path.normpath(os.path.join(folder, resource))
        out += render(path) if os.path.isdir(path) else load(path)
    out += [generated(folder, one, said.get("generatorOptions", {})) for one in said.get("configMapGenerator", [])]
    out = copy.deepcopy(out)
    for patch in said.get("patches", []):
        change = yaml.safe_load(patch["patch"])
        [target] = [m for m in out if (m["kind"], m["metadata"]["name"]) == (change["kind"], change["metadata"]["name"])]
        out[out.index(target)] = merge(target, change)
    renamed = {(m["kind"], m["metadata"]["name"]) for m in out}
    for manifest in out:
        if "namespace" in said and manifest["kind"] not in NOT_NAMESPACED:
            manifest["metadata"]["namespace"] = said["namespace"]
        for where, key, kind in names_in(manifest):
            if (kind, where[key]) in renamed:
                where[key] += said.get("nameSuffix", "")
        manifest["metadata"]["name"] += said.get("nameSuffix", "") if manifest["kind"] not in NOT_NAMESPACED else ""
        for labels in said.get("labels", []):
            assert labels["includeSelectors"], folder
            label(manifest, labels["pairs"])
        for container in containers_of(manifest) if pod_of(manifest) else []:
            name, tag = container["image"].rsplit(":", 1)
            for image in said.get("images", []):
                if image["name"] == name:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
    return out
