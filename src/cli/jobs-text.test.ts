import { expect, it } from "vitest";
import { instant, parseInstant } from "../core/time.ts";
import type { JobState } from "../jobs/job.ts";
import { timetableText } from "../jobs/timetable.ts";
import { jobsText, shownJobs } from "./jobs-text.ts";

const at = (text: string) => parseInstant(`2026-11-24T${text}Z`) ?? instant(Number.NaN);
const LAST = {
  dueAt: at("13:05"),
  startedAt: at("13:05"),
  outcome: null,
  isRunning: false,
  attempts: 1,
  error: null,
};

const STATES: readonly JobState[] = [
  {
    job: "ingest",
    what: "grid intensity",
    when: { hourlyAtMinute: 5 },
    nextDueAt: at("14:05"),
    last: {
      ...LAST,
      // 13:05:00 to 13:05:12 = 12 s.
      endedAt: at("13:05:12"),
      outcome: "failed",
      attempts: 2,
      error: "1 of 2 regions failed, the first of them us-east-1: no key",
    },
  },
  {
    job: "calculate",
    what: "emissions",
    when: { everyMinutes: 1 },
    nextDueAt: at("13:21"),
    last: { ...LAST, endedAt: null, isRunning: true },
  },
  {
    job: "cleanup",
    what: "removes",
    when: { dailyAtMinute: 120 },
    nextDueAt: at("14:00"),
    last: { ...LAST, endedAt: null },
  },
  { job: "alerts", what: "tells", when: { everyMinutes: 1 }, nextDueAt: at("13:21"), last: null },
];

it("jobs are listed with when they run and how the last run went", () => {
  const times = { ingest: { hourlyAtMinute: 5 }, calculate: { everyMinutes: 1 }, cleanup: null };
  expect(jobsText(shownJobs(STATES, times, timetableText))).toEqual([
    "Job        When                  Next (UTC)        Last run (UTC)    Outcome                    What it does",
    "ingest     each hour at :05 UTC  2026-11-24 14:05  2026-11-24 13:05  failed in 12 s, attempt 2  grid intensity",
    "calculate  each minute           2026-11-24 13:21  2026-11-24 13:05  running                    emissions",
    "cleanup    turned off                              2026-11-24 13:05  interrupted                removes",
    "alerts     each minute           2026-11-24 13:21  never                                        tells",
    "",
    "ingest: 1 of 2 regions failed, the first of them us-east-1: no key",
  ]);
});
