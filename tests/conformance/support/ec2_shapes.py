"""Holds a raw answer of EC2 against botocore's model: as `query_shapes`, but for what EC2 has of its own.

Nothing wraps an answer, its errors are a list and in no model, and some values differ from the model's
enums in the case of their letters.
"""

from xml.etree import ElementTree

from . import query_shapes

NAMESPACE = "{http://ec2.amazonaws.com/doc/2016-11-15/}"


def answer_problems(operation, response):
    """The problems of one answer: `response` is botocore's, before parsing."""
    try:
        root = ElementTree.fromstring(response["body"])
    except ElementTree.ParseError as error:
        return [f"the body is no XML ({error}): {response['body'][:200]!r}"]
    if response["status_code"] >= 300:
        code, message = root.findtext("Errors/Error/Code"), root.findtext("Errors/Error/Message")
        complete = root.tag == "Response" and code and message and root.findtext("RequestID")
        return [] if complete else [f"$: an error has a code, a message and an id, got {response['body']!r}"]
    if root.tag != f"{NAMESPACE}{operation.name}Response":
        return [f"$: the root is {root.tag}, expected {operation.name}Response"]
    if not root.findtext(f"{NAMESPACE}requestId"):
        return ["$: there is no requestId"]
    return [problem for child in root if child.tag != f"{NAMESPACE}requestId"
            for problem in _member(operation.output_shape, child, "$")]


def _member(shape, element, path):
    name = element.tag.removeprefix(NAMESPACE)
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    if name not in members:
        return [f"{path}: {shape.name} has no member {name!r}"]
    return _problems(members[name], element, f"{path}.{name}")


def _problems(shape, element, path):
    if shape.type_name == "structure":
        return [problem for child in element for problem in _member(shape, child, path)]
    if shape.type_name == "list":
        return [problem for index, child in enumerate(element)
                for problem in ([] if child.tag == f"{NAMESPACE}item" else [f"{path}: {child.tag} is no item"])
                + _problems(shape.member, child, f"{path}[{index}]")]
    allowed = getattr(shape, "enum", None)
    if allowed and (element.text or "").lower() in [value.lower() for value in allowed]:
        return []
    return query_shapes._scalar(shape, element, path)  # noqa: SLF001 - the same texts of the same types.
