"""Make anew all that ships with labsim and rests on the code of the model (some twenty minutes on two cores).

python tools/shipped.py             run every step, in order
python tools/shipped.py evidence    begin with this step: calibrate, evidence, backcast, scoreboard

The scoreboard comes last: it looks at what is shipped. Ends with the exit code of the first step that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = {"son_la": 200, "lao_cai": 200, "bac_kan": 320}  # points of each wave; see docs/calibration.md
BLOCKS = 48
LABSIM = (sys.executable, "-m", "labsim")
STEPS = {
    "calibrate": [(*LABSIM, "calibrate", name, "--samples", str(n), "--ship") for name, n in SAMPLES.items()],
    "evidence": [(*LABSIM, "evidence", name, "--samples", str(BLOCKS), "--keep") for name in SAMPLES],
    "backcast": [(sys.executable, str(ROOT / "tools" / "backcast.py"), "update")],
    "scoreboard": [(sys.executable, str(ROOT / "tools" / "scoreboard.py"))],
}


def main(words: list[str]) -> int:
    """Run the steps from the one named on, in a folder that is thrown away with the runs."""
    if len(words) > 1 or not set(words) <= STEPS.keys():
        print(__doc__)
        return 2
    names = list(STEPS)
    commands = [command for name in names[names.index(words[0]) if words else 0 :] for command in STEPS[name]]
    of_this_tree = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            print(*command[1:], flush=True)
            if code := subprocess.run(command, cwd=folder, env=of_this_tree, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
