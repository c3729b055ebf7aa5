import type { Timetable } from "../jobs/job.ts";
import { type JobName, type JobTimes, USUAL_JOBS } from "../jobs/jobs.ts";
import type { FileSettings } from "./file.ts";

/** When the jobs of the service are due; null: turned off. */
export function readJobs({ jobs }: Pick<FileSettings, "jobs">): JobTimes {
  const time = <Setting>(
    name: JobName,
    setting: boolean | Setting,
    read: (setting: Setting) => Timetable,
  ): Timetable | null =>
    setting === false ? null : setting === true ? USUAL_JOBS[name].when : read(setting);
  const hourly = ({ minute }: { readonly minute: number }) => ({ hourlyAtMinute: minute });
  return {
    ingest: time("ingest", jobs.ingest, hourly),
    pull: time("pull", jobs.pull, hourly),
    calculate: time<never>("calculate", jobs.calculate, hourly),
    cleanup: time("cleanup", jobs.cleanup, ({ time: text }) => ({ dailyAtMinute: minuteOfDay(text) })),
    alerts: time<never>("alerts", jobs.alerts, hourly),
  };
}

/** "02:00" → 120 */
function minuteOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}
