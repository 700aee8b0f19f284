"""Running a witness until it is told to stop: `python -m audit witness serve` and `pactgate witness serve`."""

import json
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from audit.cosignature import WitnessSigner
from audit.witness.home import open_home
from audit.witness.protocol import Witness
from audit.witness.server import WitnessServer

_LOCK = threading.Lock()


def serve(folder: Path, host: str, port: int) -> WitnessSigner:
    """
    Serve the witness in `folder` until SIGINT or SIGTERM. One JSON line a request goes to stdout.

    Raises `WitnessUnusable`.
    """
    signer, logs, state = open_home(folder)
    witness = Witness(signer, logs, state, clock=lambda: int(time.time()))
    with WitnessServer((host, port), witness, say) as server:

        def stop(_number: int, _frame: FrameType | None) -> None:
            threading.Thread(target=server.shutdown).start()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        say({"serving": signer.verifier.name, "port": server.port, "logs": len({log.name for log in logs})})
        server.serve_forever(poll_interval=0.1)
    return signer


def say(fields: dict[str, object]) -> None:
    """Write one JSON line to stdout, whole, from any thread."""
    with _LOCK:
        sys.stdout.write(json.dumps({"time": int(time.time()), **fields}, ensure_ascii=True) + "\n")
        sys.stdout.flush()
