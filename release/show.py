#!/usr/bin/env python3
"""Prints what CloudFormation would be given of a SAM template: every function, role and alarm.

It needs what `pip install aws-sam-cli` brings, and asks nothing of AWS.
"""

import argparse
import json
import os
import sys
from pathlib import Path


def translated(path):
    """The template as SAM's own translator makes it, which is what CloudFormation does with it."""
    import boto3
    from cfnlint.decode.cfn_yaml import load
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = json.loads(json.dumps(load(str(path))))
    for resource in template["Resources"].values():
        # Where `sam package` would have put the code.
        if isinstance(resource.get("Properties", {}).get("CodeUri"), str):
            resource["Properties"]["CodeUri"] = "s3://artefacts/hook.zip"
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    return Translator({}, Parser(), boto_session=session).translate(template, {})


def listed(template):
    """A line for each resource: its type, its name in the template, and the condition that it is made under."""
    for name, resource in sorted(template["Resources"].items(), key=lambda item: (item[1]["Type"], item[0])):
        only = f"  (if {resource['Condition']})" if "Condition" in resource else ""
        yield f"{resource['Type']:<36} {name}{only}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("template", nargs="?", type=Path, default=Path(__file__).parent.parent / "template.yaml",
                        help="template.yaml, where none is named")
    parser.add_argument("--json", action="store_true", help="all of it, as CloudFormation would read it")
    options = parser.parse_args()
    try:
        template = translated(options.template)
    except ImportError as error:
        sys.exit(f"error: {error}; `pip install aws-sam-cli` brings it")
    except OSError as error:
        sys.exit(f"error: cannot read the template: {error}")
    lines = [json.dumps(template, indent=2)] if options.json else listed(template)
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
