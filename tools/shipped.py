"""Make anew all that ships with labsim and rests on the code of the model (some twenty minutes on two cores).

python tools/shipped.py             run every step, in order
python tools/shipped.py evidence    begin with this step: calibrate, evidence, backcast, scoreboard
python tools/shipped.py stamp REV   where code changed and no number did: prove it, and write the new hashes instead

The scoreboard comes last: it looks at what is shipped. Ends with the exit code of the first step that fails. A stamp is
given only if all that ships belongs to the revision named, and if `tools/same_numbers.py` finds every world the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from same_numbers import tree_of

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
# what is shipped is stamped with: of the model, of the whole engine, and of each province's configurations
_HASHES = """
import json
from labsim.config import load
from labsim.experiment.code import code_hash, configuration_of_numbers, model_hash
past = ["scale=0.01", "period.until=2016-12"]
print(json.dumps({"model": model_hash(), "code": code_hash()[:16]} | {
    name: configuration_of_numbers(load(name).to_dict()) for name in PROVINCES} | {
    f"{name} 2010": load(name, scenario="start_2010", settings=past).hash[:16] for name in PROVINCES}))
"""


def main(words: list[str]) -> int:
    """Run the steps from the one named on, in a folder that is thrown away with the runs."""
    if len(words) == 2 and words[0] == "stamp":
        return stamp(words[1])
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


def stamp(revision: str) -> int:
    """Write the hashes of today's code into what ships with it, if nothing that a simulation counts has moved."""
    with tree_of(revision) as older:
        before, now = hashes_in(older), hashes_in(ROOT)
    moved = {before[name]: now[name] for name in before if before[name] != now[name]}
    files = [
        *(ROOT / "configs" / name / file for name in SAMPLES for file in ("posterior.json", "evidence.csv")),
        ROOT / "docs" / "backcast.csv",
    ]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    foreign = [file for file, text in texts.items() if not {before["model"], before["code"]} & set(words_in(text))]
    if foreign:
        print(*(f"{file.relative_to(ROOT)} does not belong to {revision}" for file in foreign), sep="\n")
        return 1
    same = [sys.executable, str(ROOT / "tools" / "same_numbers.py"), "--against", revision]
    if subprocess.run(same, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False).returncode:
        return 1
    for file, text in texts.items():
        for old, new in moved.items():
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(moved)} hashes written anew")
    return 0


def hashes_in(tree: Path) -> dict[str, str]:
    """Return what the state of the code in a folder stamps its results with, by what it is a hash of."""
    code = _HASHES.replace("PROVINCES", repr(tuple(SAMPLES)))
    environment = os.environ | {"PYTHONPATH": str(tree)}
    told = subprocess.run([sys.executable, "-c", code], cwd=tree, env=environment, check=True, capture_output=True)
    found: dict[str, str] = json.loads(told.stdout)
    return found


def words_in(text: str) -> list[str]:
    """Return the words of a file of values, whatever stands between them."""
    return text.replace(",", " ").replace('"', " ").split()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
