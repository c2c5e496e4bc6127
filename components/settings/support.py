"""Until when the projects support the lines that are pinned: a dated table for people, never for a test.

`python -m tools doctor` and the nightly workflow compare it with the calendar. A pin that stays past its date has its
reason beside it here.
"""

from dataclasses import dataclass
from datetime import date

# When the projects' own tables were last read.
READ = date(2026, 11, 27)
_KNATIVE = "knative/community/mechanics/RELEASE-SCHEDULE.md: one week after the next release but one"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One minor version (`1.34`), or a major one (`17`), of a part; `part` is a key of `versions.py`, or `kubernetes`.

    `until` is None where the project names an event and no day: `ends` says it. `derived` is what a day that the
    project does not name itself was put together from. `stays` is why a pin is not moved.
    """

    part: str
    line: str
    until: date | None
    source: str
    ends: str = ""
    derived: str = ""
    stays: str = ""


LINES = (
    Line(
        part="kubernetes",
        line="1.34",
        until=date(2026, 10, 27),
        source="kubernetes.io/releases",
        stays="KServe 0.20 is tested on it, and it is the last that runs on hosts with cgroup v1",
    ),
    Line(part="kubernetes", line="1.35", until=date(2027, 2, 28), source="kubernetes.io/releases"),
    Line(part="kubernetes", line="1.36", until=date(2027, 6, 28), source="kubernetes.io/releases"),
    Line(
        part="cert-manager",
        line="1.17",
        until=date(2025, 10, 7),
        source="cert-manager.io/docs/releases",
        derived="the day of 1.19.0",
    ),
    Line(
        part="cert-manager",
        line="1.19",
        until=date(2026, 7, 8),
        source="cert-manager.io/docs/releases",
        derived="the day of 1.21.0",
    ),
    Line(
        part="cert-manager",
        line="1.20",
        until=None,
        ends="the release of 1.22, expected in November 2026",
        source="cert-manager.io/docs/releases",
    ),
    Line(
        part="cert-manager",
        line="1.21",
        until=None,
        ends="the release of 1.23",
        source="cert-manager.io/docs/releases",
    ),
    Line(part="istiod", line="1.28", until=date(2026, 7, 1), source="istio.io/latest/docs/releases/supported-releases"),
    Line(
        part="istiod",
        line="1.29",
        until=date(2026, 10, 12),
        source="istio.io/latest/docs/releases/supported-releases",
        derived="six weeks after 1.31.0, of the end of August 2026",
    ),
    Line(
        part="istiod",
        line="1.30",
        until=date(2026, 11, 30),
        derived="the end of the month that Istio expects; in truth six weeks after 1.32.0",
        source="istio.io/latest/docs/releases/supported-releases",
        stays="a mesh of 1.28 reaches 1.30 in one step and not 1.31; no Knative is built against 1.31",
    ),
    Line(
        part="knative-serving",
        line="1.21",
        until=date(2026, 8, 4),
        source=_KNATIVE,
        derived="1.23 by the schedule on 2026-07-28",
    ),
    Line(
        part="knative-serving",
        line="1.22",
        until=date(2026, 11, 3),
        source=_KNATIVE,
        derived="1.24 by the schedule on 2026-10-27; of its parts the client's 1.24.0 was seen",
    ),
    Line(
        part="knative-serving",
        line="1.23",
        until=date(2027, 2, 2),
        source=_KNATIVE,
        derived="1.25 by the schedule on 2027-01-26",
    ),
    Line(part="postgres", line="17", until=date(2029, 11, 8), source="postgresql.org/support/versioning"),
    Line(part="python", line="3.11", until=date(2027, 10, 31), source="devguide.python.org/versions"),
)
