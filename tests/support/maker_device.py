"""A maker's device as a process: doubles its input, or misbehaves as its argument says."""

import base64
import json
import os
import signal
import struct
import sys
import time

way = sys.argv[1] if len(sys.argv) > 1 else "good"
asked = 0
parity = []
seen = set()


def tell(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def turn():
    """0 and 1 by turns, one for each process that was started in this folder."""
    if not parity:
        with open("turns", "a+") as held:
            held.write("x")
            held.flush()
            parity.append(held.tell() % 2)
    return parity[0]


def doubled(tensor):
    raw = base64.b64decode(tensor["data"])
    values = [2 * one for one in struct.unpack(f"<{len(raw) // 4}f", raw)]
    if way == "wrong" or (way == "wrong-when-fast" and asked > 20):
        values = [one + 1 for one in values]
    if way == "varies":
        values = [one + (os.getpid() % 97) * 1e-6 for one in values]
    if way == "nan":
        values = [float("nan")] * len(values)
    data = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return {"dtype": "float32", "shape": tensor["shape"], "data": data}


def infer(message):
    began = time.perf_counter_ns()
    if way == "hangs" and asked > 3:
        time.sleep(3600)
    if way == "dies" and asked > 3:
        sys.exit(9)
    if way == "garbled" and asked > 3:
        sys.stdout.write("not JSON\n")
        sys.stdout.flush()
        return
    if way == "kills" and asked > 3:
        os.kill(os.getppid(), signal.SIGKILL)
    if way == "edits" and asked > 3:
        with open(__file__, "a") as own:
            own.write("# another program\n")
    if way == "slow":
        time.sleep(0.2)
    if way == "remembers":
        known = message["inputs"]["x"]["data"]
        time.sleep(0.0 if known in seen else 0.02)
        seen.add(known)
    if way == "erratic":
        time.sleep(0.0005 + 0.01 * turn())
    if way == "refuses" and asked > 3:
        tell({"id": message["id"], "error": "out of memory"})
        return
    if way in {"lies", "boasts"}:
        time.sleep(0.01)
    answer = {"id": message["id"], "output": doubled(message["inputs"]["x"])}
    took = time.perf_counter_ns() - began
    if way == "lies":
        took //= 100
    if way == "overclaims":
        took += 10_000_000
    tell({**answer, "elapsed_ns": took})


def generate(message):
    words = message["prompt"].upper().split()
    for word in words[: message["max_tokens"]]:
        if way == "slow-tokens":
            time.sleep(0.001)
        tell({"id": message["id"], "token": word})
    tell({"id": message["id"], "done": True})


for line in sys.stdin:
    message = json.loads(line)
    asked += 1
    if message["op"] == "hello":
        version = str(os.getpid()) if way == "renames" else "1.0"
        tell({"name": "doubler", "version": version})
    elif message["op"] == "infer":
        infer(message)
    elif message["op"] == "generate":
        generate(message)
