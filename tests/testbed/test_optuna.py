"""`run` under Optuna: what the sweeper optimises is the number of the score that `objective` names."""

import json

import pytest
import yaml

from testbed.cli import main
from tests.small_scene import SMALL

pytest.importorskip(
    "hydra_plugins.hydra_optuna_sweeper", reason="wants the extra: pip install 'echoblock[optuna]'"
)

OPTUNA = [
    "-m",
    "hydra/sweeper=optuna",
    "hydra/sweeper/sampler=random",
    "hydra.sweeper.sampler.seed=1",
    "hydra.sweeper.n_jobs=1",
]


@pytest.mark.filterwarnings("ignore")  # what Optuna says of itself
def test_optuna_finds_the_best_of_what_run_returned(tmp_path):
    out = tmp_path / "out"
    words = ["objective=error_p50_m", "hydra.sweeper.direction=minimize", "hydra.sweeper.n_trials=4"]
    assert (
        main(["run", *OPTUNA, *words, *SMALL, "clock.jitter_s=tag(log,interval(1e-5,2e-2))", f"out={out}"])
        == 0
    )
    jobs = sorted(path.parent for path in out.glob("*/score.json"))
    assert [job.name for job in jobs] == ["0", "1", "2", "3"]
    errors = {
        yaml.safe_load((job / ".hydra" / "config.yaml").read_text())["clock"]["jitter_s"]: json.loads(
            (job / "score.json").read_text()
        )["error_p50_m"]
        for job in jobs
    }
    assert len(set(errors.values())) == 4
    found = yaml.safe_load((out / "optimization_results.yaml").read_text())
    assert found["best_value"] == min(errors.values())
    assert errors[found["best_params"]["clock.jitter_s"]] == found["best_value"]


@pytest.mark.filterwarnings("ignore")
def test_an_objective_that_cannot_be_measured_is_told(tmp_path, capfd):
    quiet = [word for word in SMALL if not word.startswith("schedule")] + ["schedule=quiet"]
    words = ["objective=error_p50_m", "hydra.sweeper.n_trials=2", "clock.jitter_s=interval(0,0.01)"]
    assert main(["run", *OPTUNA, *words, *quiet, f"out={tmp_path / 'out'}"]) == 2
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("echoblock: objective=error_p50_m: could not be measured in this scene")
    assert (tmp_path / "out" / "0" / "score.json").is_file()
