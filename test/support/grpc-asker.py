"""A proxyless client of gRPC's C core: `grpc-asker.py TARGET`, the bootstrap in GRPC_XDS_BOOTSTRAP_CONFIG. Takes [{"method", "metadata"}]
on standard input, calls one after another, and prints what answered, or the status, of each as one JSON list."""
import json
import sys

import grpc


def ask(channel, method, metadata):
    try:
        return channel.unary_unary(method)(b"", metadata=list(metadata.items()), timeout=10).decode()
    except grpc.RpcError as error:
        return f"status {error.code().value[0]}"


with grpc.insecure_channel(sys.argv[1]) as channel:
    print(json.dumps([ask(channel, call["method"], call.get("metadata", {})) for call in json.load(sys.stdin)]))
