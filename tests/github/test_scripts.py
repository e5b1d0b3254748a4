# SPDX-License-Identifier: GPL-2.0-only
"""The scripts of ci/github, with valid inputs and with hostile ones."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import TOP
from tests.github.conftest import StandIn

SCRIPTS = TOP / "ci/github"
HOSTILE = [
    "$(touch x)",
    "`touch x`",
    "a; touch x",
    "a' && touch x '",
    'a" && touch x "',
    "*",
    "a\nb=c",
    "--help",
    "-k",
    "é\t",
]


def run(script: str, folder: Path, stand_in: StandIn, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an empty folder; it writes its outputs to `outputs` and its summary to `summary`."""
    outer_env = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "KSFT_"))}
    github = {"GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    workspace = folder / "work"
    workspace.mkdir(exist_ok=True)
    return subprocess.run(
        [str(SCRIPTS / script)],
        cwd=workspace,
        env={**outer_env, **github, "RUNNER_TEMP": str(stand_in.temp), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def outputs(folder: Path) -> dict[str, str]:
    path = folder / "outputs"
    return dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else {}


def run_arguments(stand_in: StandIn) -> list[str]:
    """The arguments of the only call of `ksftci run`."""
    (call,) = [call for call in stand_in.calls if call[:2] == ["ksftci", "run"]]
    return call[2:]


def test_without_inputs_the_mprotect_tests_run_on_a_released_kernel(tmp_path: Path, stand_in: StandIn) -> None:
    assert run("run.sh", tmp_path, stand_in).returncode == 0
    tree = str(stand_in.temp / "ksftci-tree")
    assert stand_in.calls[0] == ["ksftci", "tree", "get", "--to", tree, "--", "debian:7.3"]
    assert stand_in.calls[1] == ["ksftgen", "install", f"--tree={tree}"]
    assert run_arguments(stand_in) == [
        f"--tree={tree}",
        *("--junit=results/kselftest.xml", "--html=results/kselftest.html", "--ktap=results/kselftest.log"),
        *("--arch=arm64", "--jobs=1", "--kernel=debian:7.3"),
    ]
    assert outputs(tmp_path) == {
        "results": "results",
        "status": "0",
        "junit": "results/kselftest.xml",
        "html": "results/kselftest.html",
        "ktap": "results/kselftest.log",
    }


def test_every_input_becomes_its_option(tmp_path: Path, stand_in: StandIn) -> None:
    done = run(
        "run.sh",
        tmp_path,
        stand_in,
        KSFT_KERNEL="debian:6.12\n  build\tkernels/build ",
        KSFT_TREE="../linux",
        KSFT_PROGRAMS="mm:cow\nmm:merge",
        KSFT_EXPRESSION="cow and not (swap or 16k)",
        KSFT_SHARD="2/4",
        KSFT_DURATIONS="last.xml",
        KSFT_ARCH="x86_64",
        KSFT_KNOWN="known.yaml",
        KSFT_RETRIES="2",
        KSFT_MACHINES="3",
        KSFT_NAME="one",
        KSFT_RESULTS="out/here",
    )
    assert done.returncode == 0, done.stdout
    assert run_arguments(stand_in) == [
        "--tree=../linux",
        *("--junit=out/here/one.xml", "--html=out/here/one.html", "--ktap=out/here/one.log"),
        *("--arch=x86_64", "--jobs=3", "--kernel=debian:6.12", "--kernel=build:../linux", "--kernel=kernels/build"),
        *("-k", "cow and not (swap or 16k)", "--shard=2/4", "--durations=last.xml", "--known=known.yaml"),
        *("--retries=2", "--", "mm:cow", "mm:merge"),
    ]
    assert len(stand_in.calls) == 1, "with programs given, nothing is installed into the tree"


def test_native_run_has_no_options_for_guests(tmp_path: Path, stand_in: StandIn) -> None:
    assert run("run.sh", tmp_path, stand_in, KSFT_NATIVE="true", KSFT_PROGRAMS="mm:cow").returncode == 0
    call = stand_in.calls[-1] if os.geteuid() == 0 else stand_in.calls[-1][3:]
    assert [arg for arg in call if arg.startswith(("--kernel", "--arch", "--jobs"))] == []
    assert {"--native", f"--cache={stand_in.temp}/ksftci-native"} <= set(call)


@pytest.mark.parametrize("text", HOSTILE)
def test_free_text_is_passed_as_arguments(text: str, tmp_path: Path, stand_in: StandIn) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/file").write_text("the pattern * would match this file")
    variables = {f"KSFT_{name}": text for name in ("KERNEL", "PROGRAMS", "EXPRESSION", "DURATIONS", "KNOWN")}
    assert run("run.sh", tmp_path, stand_in, **variables).returncode == 0
    assert not (tmp_path / "work/x").exists()
    words = text.split()
    assert run_arguments(stand_in)[4:] == [
        *("--arch=arm64", "--jobs=1", *(f"--kernel={word}" for word in words)),
        *("-k", text, f"--durations={text}", f"--known={text}", "--", *words),
    ]
    assert outputs(tmp_path).keys() == {"results", "status", "junit", "html", "ktap"}


@pytest.mark.parametrize("text", ["$(touch x)", "a\nb=c", " ", "*"])
@pytest.mark.parametrize("name", ["SHARD", "ARCH", "NATIVE", "RETRIES", "MACHINES", "NAME", "RESULTS"])
def test_hostile_text_is_rejected(name: str, text: str, tmp_path: Path, stand_in: StandIn) -> None:
    done = run("run.sh", tmp_path, stand_in, KSFT_PROGRAMS="mm:cow", **{f"KSFT_{name}": text})
    assert done.returncode == 2
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error::")]
    assert len(errors) == 1 and f"{name.lower()}: '" in errors[0]
    assert stand_in.calls == [] and outputs(tmp_path) == {}


@pytest.mark.parametrize(("name", "text"), [("NAME", "-k"), ("NAME", "a/b"), ("SHARD", "0/2"), ("RETRIES", "-1")])
def test_invalid_value_is_rejected(name: str, text: str, tmp_path: Path, stand_in: StandIn) -> None:
    assert run("run.sh", tmp_path, stand_in, **{f"KSFT_{name}": text}).returncode == 2


FOLDERS = ["-delete", "--help", "", "/", "/etc", "..", "../other", "a/../../b", "/tmp", "out", "(", "!", "a b", "a\nb"]


@pytest.mark.parametrize("script", ["run.sh", "report.sh", "build.sh"])
@pytest.mark.parametrize("text", FOLDERS)
def test_only_a_folder_of_the_job_is_written_to_and_searched(
    text: str, script: str, tmp_path: Path, stand_in: StandIn
) -> None:
    work = tmp_path / "work"
    (work / "-delete").mkdir(parents=True)
    (work / "precious").touch()
    (work / "out").symlink_to("/etc")
    done = run(script, tmp_path, stand_in, KSFT_RESULTS=text, KSFT_IMAGES=text, KSFT_TREE="x", KSFT_PROGRAMS="mm:cow")
    assert done.returncode == 2
    (error,) = done.stdout.splitlines()
    assert error.startswith("::error::") and "is not valid; allowed: a " in error
    assert stand_in.calls == []
    assert sorted(path.name for path in work.iterdir()) == ["-delete", "out", "precious"]


@pytest.mark.parametrize("text", ["out", "./out", ".", "a/-b", "a/../out", "{work}/out", "{temp}/out"])
def test_any_folder_of_the_job_may_have_the_results(text: str, tmp_path: Path, stand_in: StandIn) -> None:
    results = text.format(work=tmp_path / "work", temp=stand_in.temp)
    variables = {"KSFT_RESULTS": results, "KSFT_NAME": "one"}
    assert run("run.sh", tmp_path, stand_in, KSFT_PROGRAMS="mm:cow", **variables).returncode == 0
    assert f"--junit={results}/one.xml" in run_arguments(stand_in)
    done = run("report.sh", tmp_path, stand_in, KSFT_EXPECTED="one", **variables)
    assert (done.returncode, stand_in.calls[-1][-1]) == (0, f"{results}/one.xml"), done.stdout


@pytest.mark.parametrize("text", ["##[error]x", "x\n##[group]y", "x\r::error::y", "\x1b ##[group]", "%0A::error::"])
@pytest.mark.parametrize("name", ["KERNEL", "PROGRAMS", "EXPRESSION", "DURATIONS", "KNOWN", "TREE", "ARCH", "RESULTS"])
def test_no_input_is_a_command_in_the_log(name: str, text: str, tmp_path: Path, stand_in: StandIn) -> None:
    done = run("run.sh", tmp_path, stand_in, **{"KSFT_PROGRAMS": "mm:cow", f"KSFT_{name}": text})
    lines = re.split(r"\r\n|\r|\n", done.stdout + done.stderr)
    commands = [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    assert len(commands) == (1 if done.returncode == 2 else 0), done.stdout
    assert all(line.startswith(f"::error::{name.lower()}: ") for line in commands)


@pytest.mark.parametrize("tree", ["-C", "--tree", "a\nb"])
def test_tree_that_looks_like_an_option_is_rejected(tree: str, tmp_path: Path, stand_in: StandIn) -> None:
    assert run("run.sh", tmp_path, stand_in, KSFT_TREE=tree).returncode == 2
    assert stand_in.calls == []


@pytest.mark.parametrize(
    ("status", "shard", "expected"), [(0, "", 0), (1, "", 1), (2, "", 2), (3, "", 3), (3, "1/2", 0), (1, "1/2", 1)]
)
def test_status_is_an_output_and_only_a_shard_may_skip_all(
    status: int, shard: str, expected: int, tmp_path: Path, stand_in: StandIn
) -> None:
    stand_in.set_status({"ksftci run": status})
    done = run("run.sh", tmp_path, stand_in, KSFT_PROGRAMS="mm:cow", KSFT_SHARD=shard)
    assert (done.returncode, outputs(tmp_path)["status"]) == (expected, str(status))


def write_results(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "work/results" / name).mkdir(parents=True)
        (folder / "work/results" / name / f"{name}.xml").write_text("<testsuites/>\n")


def test_report_merges_all_results(tmp_path: Path, stand_in: StandIn) -> None:
    write_results(tmp_path, "native", "debian-7.3")
    variables = {"KSFT_EXPECTED": "native debian-7.3", "KSFT_HTML": "all.html", "KSFT_JUNIT": "all.xml"}
    done = run("report.sh", tmp_path, stand_in, **variables)
    files = ["results/debian-7.3/debian-7.3.xml", "results/native/native.xml"]
    summary = f"--summary={tmp_path}/summary"
    assert stand_in.calls == [
        ["ksftci", "report", summary, "--annotations", "--html=all.html", "--", *files],
        ["ksftci", "junit", "--output=all.xml", "--", *files],
    ]
    assert done.returncode == 0


def test_run_without_results_is_an_error(tmp_path: Path, stand_in: StandIn) -> None:
    write_results(tmp_path, "native")
    done = run("report.sh", tmp_path, stand_in, KSFT_EXPECTED="native build-1of2")
    assert done.returncode == 2
    assert "::error::build-1of2 left no results" in done.stdout
    assert (tmp_path / "summary").read_text() == (
        "the summary\n\n**build-1of2 left no results**; the log of its job says why.\n"
    )


def test_no_results_at_all_is_an_error(tmp_path: Path, stand_in: StandIn) -> None:
    assert run("report.sh", tmp_path, stand_in, KSFT_EXPECTED="one").returncode == 2
    assert stand_in.calls == []
    assert "one left no results" in (tmp_path / "summary").read_text()


def test_report_has_the_status_of_ksftci_report(tmp_path: Path, stand_in: StandIn) -> None:
    write_results(tmp_path, "one")
    stand_in.set_status({"ksftci report": 1})
    assert run("report.sh", tmp_path, stand_in).returncode == 1


def test_results_that_cannot_be_reported_are_an_error(tmp_path: Path, stand_in: StandIn) -> None:
    write_results(tmp_path, "one")
    stand_in.set_status({"ksftci report": 2, "ksftci junit": 2})
    done = run("report.sh", tmp_path, stand_in, KSFT_JUNIT="all.xml", KSFT_EXPECTED="one two")
    assert (done.returncode, "::error::the results cannot be reported" in done.stdout) == (2, True)
    for text in ("**The results cannot be reported**", "**two left no results**"):
        assert text in (tmp_path / "summary").read_text()


def test_a_file_that_only_the_merged_xml_misses_is_an_error(tmp_path: Path, stand_in: StandIn) -> None:
    write_results(tmp_path, "one")
    stand_in.set_status({"ksftci junit": 1})
    assert run("report.sh", tmp_path, stand_in, KSFT_JUNIT="all.xml").returncode == 1


def test_built_kernel_has_the_name_of_its_input(tmp_path: Path, stand_in: StandIn) -> None:
    variables = {"KSFT_KERNEL": "build-16k", "KSFT_TREE": "caller", "KSFT_CONFIG": "a b.config"}
    assert run("build.sh", tmp_path, stand_in, **variables).returncode == 0
    options = ["--arch=arm64", "--config=ARM64_16K_PAGES=y", "--config=a b.config"]
    assert stand_in.calls[0] == ["ksftci", "kernel", "build", *options, "--", "caller"]
    assert "kernel build" in (tmp_path / "work/kernels/build-16k").read_text()
    assert outputs(tmp_path) == {"image": "kernels/build-16k"}


@pytest.mark.parametrize(
    ("name", "text"), [("KERNEL", "build-64k"), ("TREE", ""), ("TREE", "-C"), ("ARCH", "$(touch x)")]
)
def test_invalid_build_is_rejected(name: str, text: str, tmp_path: Path, stand_in: StandIn) -> None:
    assert run("build.sh", tmp_path, stand_in, **{"KSFT_TREE": "caller", f"KSFT_{name}": text}).returncode == 2
    assert stand_in.calls == []


def test_failed_build_leaves_no_kernel(tmp_path: Path, stand_in: StandIn) -> None:
    stand_in.set_status({"kernel build": 2})
    assert run("build.sh", tmp_path, stand_in, KSFT_TREE="caller").returncode == 2
    assert not (tmp_path / "work/kernels").exists()


def test_setup_installs_missing_packages(tmp_path: Path, stand_in: StandIn) -> None:
    assert run("setup.sh", tmp_path, stand_in, KSFT_ARCH="x86_64").returncode == 0
    assert stand_in.calls == [["ksftci", "setup", "--install", "--arch=x86_64"]]
    assert run("setup.sh", tmp_path, stand_in, KSFT_ARCH="$(touch x)").returncode == 2


def test_facts_of_this_machine(tmp_path: Path, stand_in: StandIn) -> None:
    done = run("facts.sh", tmp_path, stand_in)
    assert (done.returncode, done.stderr) == (0, "")
    facts = dict(re.findall(r"^(\S+(?: \S+)?) {2,}(.*)$", done.stdout, re.MULTILINE))
    assert facts["page size"] == str(os.sysconf("SC_PAGE_SIZE"))
    assert facts["processors"] == str(len(os.sched_getaffinity(0)))


def plan(kernels: str, shards: str = "1", native: bool = False) -> dict[str, str]:
    """The outputs of plan.py."""
    planned: dict[str, str] = runpy.run_path(str(SCRIPTS / "plan.py"))["plan"](kernels, shards, native)
    return planned


def test_plan_has_every_shard_of_every_kernel() -> None:
    planned = plan('["debian:7.3", "debian:7.3-16k", "build", "debian:7.3"]', "2", native=True)
    matrix = json.loads(planned["matrix"])
    assert len(matrix) == 6
    assert matrix[0] == {"kernel": "debian:7.3", "shard": "1/2", "name": "debian-7.3-1of2"}
    assert planned["names"].split() == ["native", *(job["name"] for job in matrix)]
    assert json.loads(planned["builds"]) == ["build"]


def test_single_shard_has_no_number() -> None:
    planned = plan('["debian:6.12"]')
    assert json.loads(planned["matrix"]) == [{"kernel": "debian:6.12", "shard": "", "name": "debian-6.12"}]
    assert (planned["builds"], planned["names"]) == ("[]", "debian-6.12")


@pytest.mark.parametrize(
    ("kernels", "shards"),
    [
        *((json.dumps([text]), "1") for text in HOSTILE),
        *((text, "1") for text in HOSTILE),
        *(('["build"]', text) for text in HOSTILE),
        *((json.dumps([text]), "1") for text in ("debian:7", "debian:7.3-64k", "build:/tmp", "debian:7.3\n", "/Image")),
        *((text, "1") for text in ("", "{}", '"build"', "[1]", "[null]", '[["build"]]', "[]", "1e999", "NaN")),
        ('["build"]', "0"),
        ('["build"]', "1.5"),
        ('["build", "debian:7.3", "debian:6.1"]', "99"),
    ],
)
def test_invalid_plan(kernels: str, shards: str) -> None:
    with pytest.raises(ValueError):
        plan(kernels, shards)


def test_plan_writes_outputs(tmp_path: Path, stand_in: StandIn) -> None:
    done = run("plan.py", tmp_path, stand_in, KSFT_KERNELS="[]", KSFT_NATIVE="true")
    assert (done.returncode, outputs(tmp_path)) == (0, {"matrix": "[]", "builds": "[]", "names": "native"})


@pytest.mark.parametrize("kernels", ["a\nb=c", "$(touch x)", '["a%\\n"]'])
def test_invalid_plan_prints_one_error(kernels: str, tmp_path: Path, stand_in: StandIn) -> None:
    done = run("plan.py", tmp_path, stand_in, KSFT_KERNELS=kernels)
    assert (done.returncode, outputs(tmp_path)) == (2, {})
    assert done.stdout.startswith("::error::kernels: ") and done.stdout.count("\n") == 1


def test_plan_needs_only_the_standard_library() -> None:
    argv = [sys.executable, "-I", "-S", "-c", "import runpy; runpy.run_path('ci/github/plan.py')"]
    assert subprocess.run(argv, cwd=TOP, check=False).returncode == 0
