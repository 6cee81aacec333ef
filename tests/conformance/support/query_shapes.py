"""Holds a raw answer of AWS Query against botocore's model of the service: the XML side of `shapes`.

Every element must be a member that the model names, once; required members must be there, and texts
must be of their types and among their enums.
"""

import re
from datetime import datetime
from xml.etree import ElementTree

# Errors that any operation may give, with their statuses; the models of the services do not repeat them.
COMMON_ERRORS = {
    "AccessDenied": 403,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "MalformedInput": 400,
    "MissingAuthenticationToken": 403,
    "Throttling": 400,
    "ValidationError": 400,
}


def answer_problems(operation, response):
    """The problems of one answer: `response` is botocore's, before parsing."""
    try:
        root = ElementTree.fromstring(response["body"])
    except ElementTree.ParseError as error:
        return [f"the body is no XML ({error}): {response['body'][:200]!r}"]
    found = []
    name = _local(root, operation, found)
    content_type = response["headers"].get("content-type", "")
    if not content_type.startswith("text/xml"):
        found.append(f"$: the content type is {content_type!r}, expected text/xml")
    if response["status_code"] >= 300:
        return found + _error_problems(operation, response["status_code"], root, name)
    if name != f"{operation.name}Response":
        return [*found, f"$: the root is {name}, expected {operation.name}Response"]
    children = {_local(child, operation, found): child for child in root}
    wrapper = operation.output_shape.serialization["resultWrapper"]
    if set(children) != {wrapper, "ResponseMetadata"}:
        return [*found, f"$: the root has {sorted(children)}, expected {wrapper} and ResponseMetadata"]
    if not _text(children["ResponseMetadata"], "RequestId", operation):
        found.append("$: ResponseMetadata has no RequestId")
    return found + _problems(operation, operation.output_shape, children[wrapper], "$")


def _problems(operation, shape, element, path):
    if shape.type_name == "structure":
        return _structure(operation, shape, element, path)
    if shape.type_name == "list":
        return _list(operation, shape, element, path)
    if shape.type_name == "map":
        return [f"{path}: maps are not known here"]
    return _scalar(shape, element, path)


def _structure(operation, shape, element, path):
    found = _no_text(element, path)
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    seen = set()
    for child in element:
        name = _local(child, operation, found)
        if name not in members:
            found.append(f"{path}: {shape.name} has no member {name!r}")
        elif name in seen:
            found.append(f"{path}: {shape.name} has {name!r} twice")
        else:
            found += _problems(operation, members[name], child, f"{path}.{name}")
        seen.add(name)
    found += [f"{path}: {shape.name} lacks {name!r}" for name in shape.required_members if name not in seen]
    return found


def _list(operation, shape, element, path):
    found = _no_text(element, path)
    entry_name = shape.member.serialization.get("name", "member")
    for index, child in enumerate(element):
        name = _local(child, operation, found)
        if name != entry_name:
            found.append(f"{path}: an entry is called {name!r}, expected {entry_name!r}")
        found += _problems(operation, shape.member, child, f"{path}[{index}]")
    return found


def _scalar(shape, element, path):
    if len(element):
        return [f"{path}: a {shape.type_name} has elements in it"]
    text = element.text or ""
    if shape.type_name in ("integer", "long") and not re.fullmatch(r"-?\d+", text):
        return [f"{path}: {text!r} is no {shape.type_name}"]
    if shape.type_name == "boolean" and text not in ("true", "false"):
        return [f"{path}: {text!r} is no boolean"]
    if shape.type_name == "timestamp":
        try:
            datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return [f"{path}: {text!r} is no timestamp"]
    allowed = getattr(shape, "enum", None)
    if allowed and text not in allowed:
        return [f"{path}: {text!r} is none of {allowed}"]
    pattern = shape.metadata.get("pattern")
    if pattern and not re.search(pattern, text):
        return [f"{path}: {text!r} does not match {pattern}"]
    return []


def _error_problems(operation, status, root, name):
    found = []
    if name != "ErrorResponse":
        return [f"$: an error's root is {name}, expected ErrorResponse"]
    error = next((child for child in root if _local(child, operation, found) == "Error"), None)
    if error is None:
        return [*found, "$: ErrorResponse has no Error"]
    if not _text(root, "RequestId", operation):
        found.append("$: ErrorResponse has no RequestId")
    side, code, message = (_text(error, part, operation) for part in ("Type", "Code", "Message"))
    if side != ("Sender" if status < 500 else "Receiver"):
        found.append(f"$: the status {status} comes with the Type {side!r}")
    if not message:
        found.append(f"$: the error {code} has no message")
    modelled = {
        shape.error_code: shape.metadata["error"].get("httpStatusCode", 400) for shape in operation.error_shapes
    }
    expected = modelled.get(code, COMMON_ERRORS.get(code))
    if expected is None:
        found.append(f"$: {operation.name} has no error {code!r}")
    elif status != expected:
        found.append(f"$: {code} comes with the status {status}, expected {expected}")
    return found


def _local(element, operation, found):
    """The name without its namespace, which must be the service's."""
    namespace, _, name = element.tag.rpartition("}")
    expected = operation.service_model.metadata["xmlNamespace"]
    if namespace != "{" + expected:
        found.append(f"$: {name} is of the namespace {namespace[1:]!r}, expected {expected!r}")
    return name


def _text(element, name, operation):
    namespace = operation.service_model.metadata["xmlNamespace"]
    return element.findtext(f"{{{namespace}}}{name}")


def _no_text(element, path):
    text = "".join([element.text or "", *(child.tail or "" for child in element)])
    return [f"{path}: there is text between the elements: {text.strip()!r}"] if text.strip() else []
