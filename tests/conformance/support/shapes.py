"""Holds a raw answer against botocore's model of the service, more strictly than botocore does.

botocore leaves out what the model does not name and takes most types as they come, so a client would
not notice an answer that AWS could never have given. Here every unknown member, missing required
member, wrong type and unknown enum value is a problem.
"""

import json

# Errors that any operation may give, which the models of the services do not repeat.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationError",
    "ValidationException",
}

PYTHON_TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "boolean": bool,
    "blob": str,
}


def problems(shape, value, path="$"):
    """Every way in which a JSON value differs from the shape."""
    if shape is None:
        return [] if value in (None, {}) else [f"{path}: the operation has no output, got {value!r}"]
    if shape.type_name == "structure":
        return _structure(shape, value, path)
    if shape.type_name == "list":
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [
            problem
            for index, entry in enumerate(value)
            for problem in problems(shape.member, entry, f"{path}[{index}]")
        ]
    if shape.type_name == "map":
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no map"]
        return [
            problem for key, entry in value.items() for problem in problems(shape.value, entry, f"{path}.{key}")
        ]
    return _scalar(shape, value, path)


def _structure(shape, value, path):
    if getattr(shape, "is_document_type", False):
        return []
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no structure {shape.name}"]
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    found = [f"{path}: {shape.name} has no member {name!r}" for name in value if name not in members]
    found += [f"{path}: {shape.name} lacks {name!r}" for name in shape.required_members if name not in value]
    for name, entry in value.items():
        # AWS leaves absent members out or sends null; both mean the same to every SDK.
        if name in members and entry is not None:
            found += problems(members[name], entry, f"{path}.{name}")
    return found


def _scalar(shape, value, path):
    expected = PYTHON_TYPES[shape.type_name]
    is_number = expected is not bool and expected is not str
    if not isinstance(value, expected) or (is_number and isinstance(value, bool)):
        return [f"{path}: {value!r} is no {shape.type_name}"]
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        return [f"{path}: {value!r} is none of {allowed}"]
    return []


def answer_problems(operation, response):
    """The problems of one answer of an awsJson service: `response` is botocore's, before parsing."""
    try:
        body = json.loads(response["body"] or b"{}")
    except ValueError as error:
        return [f"the body is no JSON ({error}): {response['body'][:200]!r}"]
    if response["status_code"] < 300:
        return problems(operation.output_shape, body)
    return _error_problems(operation, response["status_code"], body)


def rest_answer_problems(operation, response):
    """The same of a restJson1 service, whose errors name their code in a header."""
    if response["status_code"] < 300:
        return answer_problems(operation, response)
    code = response["headers"].get("x-amzn-errortype", "")
    shape = next((shape for shape in operation.error_shapes if shape.error_code == code), None)
    if shape is None:
        return [f"$: {operation.name} has no error {code!r}"]
    status = shape.metadata["error"]["httpStatusCode"]
    found = [] if response["status_code"] == status else [f"$: {code} comes with {response['status_code']}, not {status}"]
    return found + problems(shape, json.loads(response["body"]))


# AWS itself sends these without a word: "An error occurred (ParameterNotFound) when calling …: ".
WITHOUT_MESSAGE = {"ParameterNotFound", "UnknownOperationException"}


def _error_problems(operation, status, body):
    if not isinstance(body, dict) or not isinstance(body.get("__type"), str):
        return [f"$: an error of awsJson names its `__type`, got {body!r}"]
    found = []
    code = body.pop("__type").rsplit("#", 1)[-1]
    message = body.pop("message", body.pop("Message", None))
    if code not in WITHOUT_MESSAGE and (not isinstance(message, str) or not message):
        found.append(f"$: the error {code} has no message")
    if status not in (400, 500, 503):
        found.append(f"$: awsJson answers an error with 400, 500 or 503, got {status}")
    shape = next((shape for shape in operation.error_shapes if shape.error_code == code), None)
    if shape is not None:
        return found + problems(shape, body)
    if code not in COMMON_ERRORS:
        found.append(f"$: {operation.name} has no error {code!r}")
    return found
