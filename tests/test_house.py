"""Tests about the code: the rules of CONTRIBUTING.md that no other tool holds."""

import ast
import csv
import re
import subprocess
from pathlib import Path

import pytest

from docs import generate
from scenarios.schema import names
from sim.agents.columns import COLUMNS
from sim.jit import COMPILED

ROOT = Path(__file__).parent.parent
PACKAGES = ("sim", "calibration", "scenarios", "runs")
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
KERNELS = [p for p in MODULES if p.name.endswith("_kernel.py")]
SPEAKS = [
    p
    for p in ROOT.rglob("*")
    if p.suffix in {".py", ".md", ".toml", ".yaml", ".csv", ".lock", ".html", ".c", ".json"}
    and not {".venv", ".git", "out", ".hypothesis"} & set(p.relative_to(ROOT).parts)
]


def body_lines(function):
    """Lines of a function without its signature and docstring."""
    body = function.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_keep_to_their_budget(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert body_lines(node) <= 40, f"{path.name}: {node.name} is long"


@pytest.mark.parametrize("path", KERNELS, ids=lambda p: p.stem)
def test_a_kernel_file_imports_arrays_and_the_compiler_alone(path):
    """A kernel that calls another file's kernel could serve stale code from its cache."""
    allowed = {"numpy", "numpy.typing", "typing", "sim.jit"}
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    assert found <= allowed


def test_kernels_live_in_kernel_files_and_nowhere_else():
    for path in MODULES:
        if path not in KERNELS and path.name != "jit.py":
            assert "sim.jit import kernel" not in path.read_text("utf-8"), path
            assert "njit" not in path.read_text("utf-8"), path


def test_no_global_random_state():
    """Engine and runs draw from sim.chance alone; populations may be built from a seeded generator."""
    for path in MODULES:
        text = path.read_text("utf-8")
        assert not re.search(r"np\.random\.(?!default_rng|Generator|Philox|PCG64)", text), path
        assert not re.search(r"^import random|^from random", text, re.MULTILINE), path
        if path.parts[-2] != "calibration" and "calibration" not in path.parts:
            assert "np.random" not in text, path


def test_no_fast_math_and_no_parallel_kernels():
    for path in MODULES:
        text = path.read_text("utf-8")
        assert "fastmath" not in text
        assert "parallel=True" not in text


def test_the_generated_pages_are_up_to_date():
    assert generate.main(["--check"]) == 0


def test_a_stale_page_is_noticed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.main(["--check"]) == 1
    assert "docs/codebook.md is out of date" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_the_codebook_names_every_column_and_code():
    page = generate.codebook()
    for column in COLUMNS:
        assert f"`{column.name}`" in page
        if column.codes is not None and len(column.codes) < 30:
            assert all(f"`{code.name}`" in page for code in column.codes)


def test_the_readme_names_scenarios_and_pages_that_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    for scenario in re.findall(r"vandring run (\w+)(?= |$|\n)", text):
        assert scenario in names() or scenario == "my_scenario", scenario


@pytest.mark.skipif(not COMPILED, reason="one look is enough")
def test_nothing_names_a_machine_or_a_registry():
    words = ("/" + "work/", "/" + "root/", "/" + "farm/", "pypi" + ".org", "index" + "-url http")
    for path in SPEAKS:
        text = path.read_text("utf-8", errors="ignore")
        for word in words:
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"


def test_the_lock_pins_everything_with_hashes():
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and line[0].isalnum()]
    assert len(pins) > 40
    assert all("==" in pin for pin in pins)
    assert sum("--hash=sha256:" in line for line in lines) >= len(pins)
    assert not any("http" in line for line in lines)


def test_the_version_is_said_once():
    answer = subprocess.run(
        [ROOT / ".venv/bin/vandring", "--version"]
        if (ROOT / ".venv").exists()
        else ["vandring", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert answer.stdout.strip() == f"vandring {said[1]}"


def test_every_kernel_is_in_the_contract_of_kernels():
    kernels = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
               for path in (ROOT / "sim").rglob("*_kernel.py")}  # fmt: skip
    found = re.findall(r'"(sim[.\w]*_kernel)"', (ROOT / "pyproject.toml").read_text())
    listed = set(found)
    assert kernels == listed


def test_every_table_of_parameters_names_its_sources_and_assumptions():
    for path in sorted((ROOT / "sim" / "transitions" / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows, path.name
        assert all(row["source"].strip() for row in rows), path.name
        if "assumed" in rows[0]:
            assert {row["assumed"] for row in rows} <= {"yes", "no"}, path.name
