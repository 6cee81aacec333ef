"""A template of CloudFormation with its parameters put in, as far as that takes no account."""

import re

import yaml

NO_VALUE = {"Ref": "AWS::NoValue"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def short_form(loader, suffix, node):
    by_kind = {
        yaml.ScalarNode: loader.construct_scalar,
        yaml.SequenceNode: lambda inner: loader.construct_sequence(inner, deep=True),
        yaml.MappingNode: lambda inner: loader.construct_mapping(inner, deep=True),
    }
    value = by_kind[type(node)](node)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


def load(path):
    return yaml.load(path.read_text(), Loader)  # noqa: S506 - a safe loader, with tags that are data.


def filled(value, parameters, conditions=None):
    """A value with its references and substitutions made, and with the conditions that are decided."""
    if isinstance(value, dict) and len(value) == 1:
        ((function, inner),) = value.items()
        if function == "Fn::Sub" and isinstance(inner, str):
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(parameters.get(found[1], found[0])), inner)
        if function == "Fn::Sub" and conditions is not None:
            text, own = inner
            return filled({function: text}, {**parameters, **filled(own, parameters, conditions)}, conditions)
        if function == "Ref":
            return parameters.get(inner, value)
        if function == "Fn::If" and conditions is not None:
            name, yes, no = inner
            return filled(yes if conditions[name] else no, parameters, conditions)
    if isinstance(value, dict):
        of_keys = {key: filled(inner, parameters, conditions) for key, inner in value.items()}
        return {key: inner for key, inner in of_keys.items() if conditions is None or inner != NO_VALUE}
    if isinstance(value, list):
        of_items = [filled(inner, parameters, conditions) for inner in value]
        return [inner for inner in of_items if conditions is None or inner != NO_VALUE]
    return value
