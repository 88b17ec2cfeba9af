"""Writes test/support/aws-models/ from botocore's service models, or compares: python3 scripts/extract-aws-models.py [--check]

Facts only, no documentation text: operations, methods, paths, where each member goes, types, limits, errors. `--check` changes
nothing: it names every committed fact that the installed botocore contradicts, and ends with 1 if there is one. With another
version of botocore than the committed one, facts may have been added; none may be gone.
"""
import gzip
import json
import os
import sys

import botocore

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "support", "aws-models")

# An operation that is not here is unknown to the double. None: all that the service has.
SERVICES = {
    "sts": ("2011-06-15", None),
    "sso": ("2019-06-10", None),
    "sso-oidc": ("2019-06-10", None),
    "signin": ("2023-01-01", None),
    "iam": (
        "2010-05-08",
        """AttachRolePolicy AttachUserPolicy CreateAccessKey CreatePolicy CreatePolicyVersion CreateRole CreateUser
        DeactivateMFADevice DeleteAccessKey DeletePolicy DeletePolicyVersion DeleteRole DeleteUser DeleteVirtualMFADevice
        DetachRolePolicy DetachUserPolicy GetAccessKeyLastUsed GetLoginProfile GetPolicy GetPolicyVersion GetRole GetUser ListAccessKeys
        ListAttachedRolePolicies ListAttachedUserPolicies ListGroupsForUser ListMFADevices ListPolicyVersions ListRoles ListUserPolicies UpdateAccessKey
        UpdateAssumeRolePolicy""".split(),
    ),
}
METADATA = ["apiVersion", "protocol", "endpointPrefix", "signingName", "xmlNamespace"]
SHAPE_FACTS = ["type", "required", "min", "max", "pattern", "enum", "payload", "flattened", "error"]
REFERENCE_FACTS = ["shape", "location", "locationName"]


def extract(service, version, wanted):
    folder = os.path.join(os.path.dirname(botocore.__file__), "data", service, version)
    with gzip.open(os.path.join(folder, "service-2.json.gz"), "rt") as file:
        model = json.load(file)
    operations, shapes = {}, {}

    def keep(name):
        if name in shapes:
            return
        shape = model["shapes"][name]
        kept = shapes[name] = {fact: shape[fact] for fact in SHAPE_FACTS if fact in shape}
        for part in ("member", "key", "value"):
            if part in shape:
                kept[part] = reference(shape[part])
        if "members" in shape:
            kept["members"] = {name: reference(member) for name, member in shape["members"].items()}

    def reference(of):
        keep(of["shape"])
        return {fact: of[fact] for fact in REFERENCE_FACTS if fact in of}

    for name, operation in model["operations"].items():
        if wanted is not None and name not in wanted:
            continue
        kept = operations[name] = {
            "method": operation["http"]["method"],
            "uri": operation["http"]["requestUri"],
            "signed": operation.get("authtype") != "none",
        }
        for part in ("input", "output"):
            if part in operation:
                keep(operation[part]["shape"])
                kept[part] = operation[part]["shape"]
        kept["errors"] = [error["shape"] for error in operation.get("errors", [])]
        for error in kept["errors"]:
            keep(error)
    missing = set(wanted or []) - set(operations)
    if missing:
        raise SystemExit(f"{service} has no {', '.join(sorted(missing))}")
    return {
        "source": f"botocore {botocore.__version__}, data/{service}/{version}/service-2.json (Apache-2.0, see LICENSE)",
        "metadata": {key: model["metadata"][key] for key in METADATA if key in model["metadata"]},
        "operations": operations,
        "shapes": dict(sorted(shapes.items())),
    }


def text_of(model):
    """One line for each operation and shape, so that a new version's differences can be read."""
    parts = []
    for key, value in model.items():
        if key in ("operations", "shapes"):
            lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(of)}" for name, of in value.items())
            parts.append(f'  "{key}": {{\n{lines}\n  }}')
        else:
            parts.append(f'  "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def contradictions(committed, installed, where):
    if isinstance(committed, dict) and isinstance(installed, dict):
        for key, value in committed.items():
            if key not in installed:
                yield f"{where}.{key} is gone"
            else:
                yield from contradictions(value, installed[key], f"{where}.{key}")
    elif isinstance(committed, list) and isinstance(installed, list) and not where.endswith(".required"):
        for value in committed:
            if value not in installed:
                yield f"{where} has no {value} any more"
    elif committed != installed:
        yield f"{where} is {json.dumps(installed)}, not {json.dumps(committed)}"


def main():
    check = sys.argv[1:] == ["--check"]
    found = []
    for service, (version, wanted) in SERVICES.items():
        path = os.path.join(FOLDER, f"{service}.json")
        model = extract(service, version, wanted)
        if not check:
            with open(path, "w") as file:
                file.write(text_of(model))
            continue
        with open(path) as file:
            committed = json.load(file)
        if committed.pop("source") == model.pop("source") and committed != model:
            found += list(contradictions(model, committed, f"installed {service}"))
        found += list(contradictions(committed, model, service))
    for line in found:
        print(line)
    raise SystemExit(1 if found else 0)


main()
