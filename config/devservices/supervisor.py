"""Starts programs, restarts those that die, and stops what it started and nothing else.

One thread: the kernel sends a child its parent-death signal when the *thread* that forked it ends.
"""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from config.devservices.child import Child, Program
from config.devservices.console import BoundedLog, Console
from config.devservices.exceptions import ServerFailed, StopRequested

GRACE_SECONDS = 20.0
STEP_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LAST_WORDS = 5


class Supervisor:
    """Keeps programs running between `with` and the end of its block."""

    def __init__(self, logs: Path, console: Console, *, grace: float = GRACE_SECONDS) -> None:
        self.logs = logs
        self.console = console
        self.grace = grace
        self.children: list[Child] = []
        self.stop_requested = False
        self._files: dict[str, BoundedLog] = {}
        self._handlers: dict[signal.Signals, Any] = {}
        self._selector = selectors.DefaultSelector()
        self._wakeup, self._wakeup_end = os.pipe()
        for end in (self._wakeup, self._wakeup_end):
            os.set_blocking(end, False)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._wakeup_end, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._handlers[number] = signal.getsignal(number)
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or self._handlers[number] != signal.SIG_IGN:
                signal.signal(number, self._request_stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop([child for child in self.children if not child.program.is_server])
        self._stop([child for child in self.children if child.program.is_server])
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._selector.close()
        os.close(self._wakeup)
        os.close(self._wakeup_end)
        for log in self._files.values():
            log.close()

    def start(self, program: Program) -> Child:
        """Start a program and look after it from now on."""
        child = Child(program)
        self.children.append(child)
        self._start(child)
        return child

    def run_once(self, program: Program) -> Child:
        """Run a program to its end; the others are looked after meanwhile."""
        child = self.start(program)
        while child.exit_code is None:
            self.step()
        self.children.remove(child)
        return child

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after the children until the condition holds; False when it takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.step()
        return True

    def run_forever(self) -> None:
        """Until somebody asks to stop, which arrives as StopRequested."""
        while True:
            self.step()

    def step(self) -> None:
        """One look at everything."""
        if self.stop_requested:
            raise StopRequested
        self._read(STEP_SECONDS)
        for child in list(self.children):
            if child.has_died():
                self._mourn(child)
            elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._start(child)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requested = True

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except (OSError, ServerFailed) as problem:
            if not child.program.restarts:
                raise
            self._plan_restart(child, f"could not start: {problem}")
            return
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wakeup, 512)
                continue
            self._pass_on(key.data, key.data.read_lines())
            if key.data.has_closed_output:
                self._selector.unregister(key.fileobj)

    def _pass_on(self, child: Child, lines: Iterable[bytes]) -> None:
        name = child.program.name
        log = self._files.get(name)
        if log is None:
            log = self._files[name] = BoundedLog(self.logs / f"{name}.log")
        for line in lines:
            log.write(line + b"\n")
            if child.program.is_aloud:
                self.console.relay(name, line.decode(errors="replace"))

    def _bury(self, child: Child) -> None:
        child.kill_session()
        while lines := child.read_lines():
            self._pass_on(child, lines)
        with contextlib.suppress(KeyError):
            self._selector.unregister(child.output)
        child.bury()

    def _mourn(self, child: Child) -> None:
        self._bury(child)
        if not child.program.restarts:
            return
        if not child.program.is_aloud:
            for line in list(child.lines)[-LAST_WORDS:]:
                self.console.relay(child.program.name, line)
        self._plan_restart(child, f"exited with {child.exit_code}")

    def _plan_restart(self, child: Child, reason: str) -> None:
        pause = child.plan_restart()
        self.console.relay(child.program.name, f"{reason}; starting again in {pause:g} s")

    def _stop(self, children: list[Child]) -> None:
        """Ask each leader, wait, ask harder, and in the end kill its whole session."""
        for child in children:
            child.restart_at = None
        longest = max((len(child.program.stop_signals) for child in children), default=0)
        for attempt in range(longest):
            for child in children:
                wishes = child.program.stop_signals
                child.signal(wishes[min(attempt, len(wishes) - 1)])
            self._wait_for_end(children)
        for child in children:
            if child.process is not None:
                self.console.say(
                    f"{child.program.name} did not stop in {self.grace:g} s: killing it"
                )
                child.kill_session()
        self._wait_for_end(children)

    def _wait_for_end(self, children: list[Child]) -> None:
        deadline = time.monotonic() + self.grace
        while any(child.process for child in children) and time.monotonic() < deadline:
            self._read(STEP_SECONDS)
            for child in children:
                if child.has_died():
                    self._bury(child)
