"""The workflow runs what the repository has, with actions that nobody can exchange."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((HOME / ".github/workflows/ci.yml").read_text())
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
RUN = "\n".join(step.get("run", "") for step in STEPS)


def test_it_tests_on_the_oldest_python_and_on_that_of_the_image() -> None:
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (HOME / "pyproject.toml").read_text())
    image = re.search(r"^FROM python:([\d.]+)", (HOME / "Dockerfile").read_text(), re.MULTILINE)
    assert wanted
    assert image
    tested = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert [each["python"] for each in tested] == [wanted[1], image[1]]


def test_what_it_runs_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (HOME / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z]+)", RUN)) == {"test", "programmes"} <= set(targets)
    scripts = re.findall(r"\bsh (\S+\.sh)", RUN)
    assert scripts
    assert all((HOME / script).exists() for script in scripts)


def test_actions_are_pinned_and_nothing_may_write() -> None:
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in STEPS if "uses" in step)
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 20 for job in WORKFLOW["jobs"].values())
