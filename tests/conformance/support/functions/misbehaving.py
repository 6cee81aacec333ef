"""Handlers that do to a deployment what handlers of real people have done."""

import json
import sys
import time


def raises(_event, _context):
    raise RuntimeError("the probe could not connect")


def answers_like_api_gateway(_event, _context):
    return {"statusCode": 200, "body": json.dumps({"hookStatus": "SUCCEEDED"})}


def fails(_event, _context):
    print("smoke test: GET /checkout answered 500")
    return {"hookStatus": "FAILED", "reason": "green answers 500"}


def leaves(_event, _context):
    sys.exit(1)


def takes_too_long(_event, _context):
    time.sleep(600)
