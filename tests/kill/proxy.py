"""A PostgreSQL socket in front of another that can lose a COMMIT, or its acknowledgement."""

import contextlib
import selectors
import socket
import threading
from pathlib import Path
from typing import Literal

COMMIT = b"COMMIT\x00"
NAME = ".s.PGSQL.5432"
Loss = Literal["before", "after"]


class Proxy:
    """Passes everything on, until it is told what to lose."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder, self.server = folder, server
        self.losses = 0
        self._armed: tuple[Loss, bytes] | None = None
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / NAME))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, which: Loss, marker: bytes) -> None:
        """Lose the next COMMIT of a transaction in which a statement contains `marker`: before it
        reaches the server, or its acknowledgement after it.
        """
        with self._lock:
            self._armed = (which, marker)

    @property
    def is_armed(self) -> bool:
        return self._armed is not None

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(str(self.server / NAME))
            self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        is_marked = False
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    taken = key.fileobj.recv(65536)
                    if not taken:
                        return
                    if key.fileobj is client:
                        is_marked = is_marked or self._has_marker(taken)
                        if is_marked and COMMIT in taken and (which := self._disarm()):
                            if which == "after":
                                server.sendall(taken)
                                server.recv(65536)
                            return
                        is_marked = is_marked and COMMIT not in taken
                    key.data.sendall(taken)

    def _has_marker(self, taken: bytes) -> bool:
        with self._lock:
            return self._armed is not None and self._armed[1] in taken

    def _disarm(self) -> Loss | None:
        with self._lock:
            armed, self._armed = self._armed, None
            self.losses += armed is not None
            return armed[0] if armed else None
