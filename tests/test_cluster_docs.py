"""The example of a SLURM cluster in docs/cluster.md asks SLURM for what it says."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs" / "cluster.md"
ALONE = """
import re, sys
example = open(sys.argv[1]).read()
block = re.search(r"```python\\n(.*?)```", example, re.S).group(1)
head, rest = block.split("cluster.scale(")
exec(head.replace('"port": 8786', '"port": 0'))
print(cluster.job_script())
"""


def test_the_slurm_example_makes_the_job_that_it_describes():
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(DOCS)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    script = done.stdout
    for line in ("#SBATCH -p normal", "#SBATCH -A p123", "#SBATCH --cpus-per-task=8"):
        assert line in script
    assert "export OMP_NUM_THREADS=1" in script
    assert re.search(r"distributed.cli.dask_worker|dask worker", script)
    assert "--nthreads 8" in script
