"""A proxyless client of gRPC's C core: `grpc-caller.py TARGET METHOD CALLS`, the bootstrap in GRPC_XDS_BOOTSTRAP_CONFIG.
Prints {"by": {answer: count}, "errors": [...]} as one line of JSON."""
import json
import sys
from collections import Counter

import grpc

target, method, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
by, errors = Counter(), []
with grpc.insecure_channel(target) as channel:
    call = channel.unary_unary(method)
    for _ in range(calls):
        try:
            by[call(b"", timeout=10, wait_for_ready=False).decode()] += 1
        except grpc.RpcError as error:
            errors.append(f"{error.code().value[0]} {error.details()}")
            if len(errors) == 5:
                break
print(json.dumps({"by": by, "errors": errors}))
