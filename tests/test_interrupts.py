"""Ctrl-C at any moment: a quiet end with code 130, and nobody alive afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from labsim import interrupts

ROOT = Path(__file__).resolve().parents[1]
PRESS = "import signal\nsignal.raise_signal(signal.SIGINT)\n"


def labsim(*words: str, first_on_path: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(first_on_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "LABSIM_LANG": "en", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "labsim", *words], capture_output=True, text=True, env=environment, timeout=240,
        cwd=first_on_path, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize("library", ["rich_click", "pandas"])
def test_ctrl_c_while_libraries_are_imported_is_quiet(tmp_path: Path, library: str) -> None:
    """A library that presses Ctrl-C as it is imported: of the command line, then of the command."""
    (tmp_path / f"{library}.py").write_text(PRESS, encoding="utf-8")
    done = labsim("run", "reference/urn_ball", "--until", "2021-01", first_on_path=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == [f"{library}.py"]


@pytest.mark.skipif(os.name != "posix", reason="a worker presses Ctrl-C for its parent by a signal")
def test_workers_that_never_return_are_ended_by_two_presses(tmp_path: Path) -> None:
    policy = """
        import os, pathlib, signal
        from labsim.policies import Policy

        class Loop(Policy):
            '''Never return.'''

            def adjust(self, levers, world):
                pathlib.Path(__file__).with_name(f"{os.getpid()}.worker").touch()
                os.kill(os.getppid(), signal.SIGINT)
                while True:
                    pass
    """
    (tmp_path / "loop.py").write_text(textwrap.dedent(policy), encoding="utf-8")
    done = labsim(
        "run", "reference/urn_ball", "--set", "policies.loop.use=loop.py:Loop", "--replicates", "2", "--workers", "2",
        "--until", "2021-01", "--executor", "processes", "--out", "out", "--quiet", first_on_path=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "interrupted; nothing was written"
    workers = [int(path.stem) for path in tmp_path.glob("*.worker")]
    assert workers
    assert not (tmp_path / "out").exists()
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.skipif(os.name != "posix", reason="a worker presses Ctrl-C by a signal")
def test_threads_that_take_no_interrupt_are_left_behind(tmp_path: Path) -> None:
    policy = """
        import os, signal
        from labsim.policies import Policy

        class Deaf(Policy):
            "Never return, whatever is asked."

            def adjust(self, levers, world):
                os.kill(os.getpid(), signal.SIGINT)
                while True:
                    try:
                        os.kill(os.getpid(), signal.SIGINT)
                        while True:
                            pass
                    except BaseException:
                        pass
    """
    (tmp_path / "deaf.py").write_text(textwrap.dedent(policy), encoding="utf-8")
    done = labsim(
        "run", "reference/urn_ball", "--set", "policies.deaf.use=deaf.py:Deaf", "--replicates", "2", "--workers", "2",
        "--until", "2021-01", "--executor", "threads", "--out", "out", "--quiet", first_on_path=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "interrupted; nothing was written"
    assert not (tmp_path / "out").exists()


@pytest.fixture
def handler(monkeypatch) -> Callable[[], object]:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(interrupts, "_running", False)
    yield lambda: signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_an_exception_once_a_command_runs(handler) -> None:
    interrupts.leave_quietly()
    interrupts.command_begins()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    interrupts.raise_from_now_on()
    assert handler() is signal.default_int_handler
    interrupts.deaf_from_now_on()
    assert handler() is signal.SIG_IGN


def test_who_only_imports_labsim_keeps_an_own_handler(handler) -> None:
    def own(_number: int, _frame: object) -> None: ...

    signal.signal(signal.SIGINT, own)
    interrupts.raise_from_now_on()
    interrupts.deaf_from_now_on()
    assert handler() is own
