"""Smithy RPC v2 CBOR in front of a service that does not speak it, as moto does not.

Reads requests and writes answers with botocore's own CBOR, and passes each call on with boto3: what the hook
sends and reads is held against an encoding that others wrote.
"""

import contextlib

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from botocore.model import StringShape, StructureShape

from .server import Handler, Server


class _Handler(Handler):
    client = None
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.body()
        _, _, _, _, operation = self.path.split("/")
        if self.headers["smithy-protocol"] != "rpc-v2-cbor" or self.headers["content-type"] != "application/cbor":
            self.send_error(415)
            return
        parser = RpcV2CBORParser()
        asked = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))
        try:
            output = getattr(self.client, xform_name(operation))(**asked)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            shape = StructureShape("Error", {"type": "structure", "members": {}})
            text = StringShape("Text", {"type": "string"})
            shape.__dict__["members"] = {"__type": text, "message": text}
            self.answer(400, {"__type": code, "message": str(error)}, shape)
            return
        output.pop("ResponseMetadata")
        self.answer(200, output, self.client.meta.service_model.operation_model(operation).output_shape)

    def answer(self, status, output, shape):
        written = bytearray()
        RpcV2CBORSerializer()._serialize_data_item(written, output, shape)  # noqa: SLF001 - there is no public one.
        super().answer(status, bytes(written), "application/cbor", smithy_protocol="rpc-v2-cbor")


@contextlib.contextmanager
def spoken_for(client):
    """The URL at which the client's service speaks CBOR, for the length of a `with` block."""
    handler = type("Handler", (_Handler,), {"client": client})
    with Server(handler).serving() as server:
        yield server.url
