"""The counters of the sandbox are read from the files of cgroup v1, v2, or none."""

from pathlib import Path

import pytest

from codesync_server.executors.runner import cgroup
from codesync_server.executors.runner.cgroup import Cgroup
from codesync_server.executors.runner.thrashing import WINDOW_SECONDS, Thrashing

V1 = {
    "limit_in_bytes": "268435456\n",
    "max_usage_in_bytes": "23236608\n",
    "oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "stat": "cache 12288000\nrss 6352896\nrss_huge 0\nshmem 4096\nmapped_file 3108864\n"
    "swap 0\nhierarchical_memory_limit 268435456\ntotal_cache 12288000\ntotal_rss 6352896\n",
}
"""From Docker 20.10 on kernel 6.18."""

V2 = {
    "max": "268435456\n",
    "peak": "23236608\n",
    "events": "low 0\nhigh 0\nmax 31\noom 2\noom_kill 2\noom_group_kill 0\n",
    "stat": "anon 6352896\nfile 12288000\nkernel 1351680\nkernel_stack 81920\nsock 0\n"
    "shmem 4096\nfile_mapped 3108864\nanon_thp 0\n",
}


def recorded(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: dict[str, str]) -> Cgroup:
    """The counters of a sandbox whose kernel shows these files."""
    for version in ("V1", "V2"):
        prefix = f"{folder}/{version}."
        monkeypatch.setattr(cgroup, f"CGROUP_{version}", prefix)
        for name, text in files.get(version, {}).items():
            Path(prefix + name).write_text(text)
    return Cgroup(contained=True)


@pytest.mark.parametrize(
    ("version", "files", "kind"), [("V1", V1, "cgroup v1"), ("V2", V2, "cgroup v2")]
)
def test_both_versions_tell_the_same(
    version: str,
    files: dict[str, str],
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counters = recorded(tmp_path, monkeypatch, **{version: files})
    assert counters.kind == kind
    assert (counters.limit(), counters.peak(), counters.oom_kills()) == (268_435_456, 23_236_608, 2)
    assert counters.used() == 6_352_896 + 4096  # what is only a copy of a file is not counted


def test_without_a_cgroup_nothing_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = recorded(tmp_path, monkeypatch)
    assert (counters.kind, counters.limit(), counters.used()) == ("", None, None)
    assert (counters.peak(), counters.oom_kills()) == (0, 0)


def test_without_a_limit_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = recorded(tmp_path, monkeypatch, V2={**V2, "max": "max\n"})
    assert (counters.kind, counters.limit()) == ("cgroup v2", None)


@pytest.mark.parametrize("text", ["", "rss\n", "rss many\n", "rss_huge 5\n"])
def test_a_file_that_says_something_else_is_not_believed(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recorded(tmp_path, monkeypatch, V1={**V1, "stat": text}).used() is None


def test_outside_a_sandbox_the_machines_counters_are_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path, monkeypatch, V1=V1)
    assert Cgroup(contained=False).used() is None


def test_a_program_that_is_read_back_over_and_over_is_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {**V1, "max_usage_in_bytes": "268435456\n"}
    stat = "rss 264900608\nshmem 0\npgmajfault {}\n"
    counters = recorded(tmp_path, monkeypatch, V1={**full, "stat": stat.format(0)})
    thrashing = Thrashing(counters, now=0.0)
    seen: list[bool] = []
    for window, faults in enumerate([0, 3000, 3010, 6000, 9000], start=1):
        (tmp_path / "V1.stat").write_text(stat.format(faults))
        seen.append(thrashing.check(now=window * WINDOW_SECONDS))
    assert seen == [False, False, False, False, True]  # a burst that passes is none


def test_a_program_that_leaves_room_may_read_its_files_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = "rss 201326592\nshmem 0\npgmajfault {}\n"
    full = {**V1, "max_usage_in_bytes": "268435456\n", "stat": stat.format(0)}
    thrashing = Thrashing(recorded(tmp_path, monkeypatch, V1=full), now=0.0)
    for window in range(1, 5):
        (tmp_path / "V1.stat").write_text(stat.format(3000 * window))
        assert not thrashing.check(now=window * WINDOW_SECONDS)


@pytest.mark.parametrize(("used", "crawled"), [(264_900_608, True), (201_326_592, False)])
def test_when_the_time_is_over_the_whole_life_counts(
    used: int, crawled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = f"rss {used}\nshmem 0\npgmajfault {{}}\n"
    full = {**V1, "max_usage_in_bytes": "268435456\n", "stat": stat.format(200)}
    thrashing = Thrashing(recorded(tmp_path, monkeypatch, V1=full), now=0.0)
    assert not thrashing.check_whole_run(now=5.0)
    (tmp_path / "V1.stat").write_text(stat.format(9000))
    assert thrashing.check_whole_run(now=5.0) is crawled
