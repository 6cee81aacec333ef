#!/usr/bin/env python3
"""Prints what CloudFormation would be given of a SAM template: every function, role and alarm, as JSON.

    python3 release/show.py [TEMPLATE]      template.yaml, where none is named

It needs what `pip install aws-sam-cli` brings, and asks nothing of AWS.
"""

import json
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


if __name__ == "__main__":
    template = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "template.yaml"
    try:
        print(json.dumps(translated(template), indent=2))
    except ImportError as error:
        sys.exit(f"error: {error}; `pip install aws-sam-cli` brings it")
