"""Draws the pictures of the course into this folder: python docs/images/course/make.py"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEMOS = HERE.parents[2] / "demos"

if __name__ == "__main__":
    for demo in sorted(DEMOS.glob("0*.py")):
        print(f"==== {demo.name}", flush=True)
        subprocess.run([sys.executable, demo, "--out", HERE], check=True)
