import * as v from "valibot";
import { instant, MINUTE_MS, toIso } from "../../core/time.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Handlers, PreparedAnswer } from "../operation-route.ts";
import { ApiProblem } from "../problem.ts";
import type { ListedAlert, ServeParts } from "../serve-parts.ts";

const alertPosition = v.object({ raisedAt: v.pipe(v.number(), v.safeInteger()), alertId: v.string() });

/** The store must answer within this time, for the service to be ready. */
const STORE_DEADLINE_MS = 1000;
const OLDEST_SNAPSHOT_MS = 10 * MINUTE_MS;

export function serviceRoutes(
  parts: ServeParts,
  document: object,
): Pick<
  Handlers,
  "getEntrance" | "getOpenApi" | "getHealth" | "getReadiness" | "listJobs" | "runJob" | "listAlerts"
> {
  const entrance = new PreparedAnswer({
    name: "co2e",
    version: parts.version,
    openapi: "/v1/openapi.json",
    docs: "/docs",
  });
  const openApi = new PreparedAnswer(document);
  return {
    getEntrance: () => entrance,

    getOpenApi: () => openApi,

    getHealth: () => ({ status: "ok" }),

    async getReadiness() {
      const { at } = parts.snapshots.current();
      const ageMs = parts.clock() - at;
      const reasons = [
        ...(parts.isStopping() ? ["the service is stopping"] : []),
        ...(ageMs <= OLDEST_SNAPSHOT_MS ? [] : ["the database was not read for more than 10 minutes"]),
        ...((await answersInTime(parts.store)) ? [] : ["the database does not answer within a second"]),
      ];
      if (reasons.length > 0)
        throw new ApiProblem("not-ready", `Not ready: ${reasons.join("; ")}.`, {
          errors: reasons.map((reason) => ({ reason })),
          headers: { "retry-after": "10" },
        });
      return { status: "ready", snapshotAt: toIso(at) };
    },

    async listJobs() {
      const states = await parts.jobs.states();
      return {
        jobs: states.map((state) => ({
          ...state,
          nextDueAt: toIso(state.nextDueAt),
          last: state.last && {
            ...state.last,
            dueAt: toIso(state.last.dueAt),
            startedAt: toIso(state.last.startedAt),
            endedAt: state.last.endedAt && toIso(state.last.endedAt),
          },
        })),
      };
    },

    async runJob({ params }) {
      const states = await parts.jobs.states();
      const names = states.map(({ job }) => job);
      if (!names.includes(params.job))
        throw new ApiProblem("job-not-found", `There is no job "${params.job}". Jobs: ${names.join(", ")}.`);
      const { detail, error } = await parts.jobs.runNow(params.job);
      return { job: params.job, detail, error: error ?? null };
    },

    async listAlerts({ query }) {
      const at = readCursor("listAlerts", query, alertPosition);
      if (parts.alerts === null) return { alerts: [], nextCursor: null };
      const limit = query.limit ?? 100;
      const found = await parts.alerts.list({
        state: query.state ?? "open",
        before: at && { raisedAt: instant(at.raisedAt), alertId: at.alertId },
        limit: limit + 1,
        now: parts.clock(),
      });
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        alerts: shown.map(answerOf),
        nextCursor:
          found.length > limit && last
            ? writeCursor("listAlerts", query, { raisedAt: last.raisedAt, alertId: last.alertId })
            : null,
      };
    },
  };
}

const answerOf = (alert: ListedAlert) => ({
  ...alert,
  since: toIso(alert.since),
  raisedAt: toIso(alert.raisedAt),
  resolvedAt: alert.resolvedAt === null ? null : toIso(alert.resolvedAt),
});

async function answersInTime(store: ServeParts["store"]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(done, STORE_DEADLINE_MS, false);
  });
  const answer = store.readings.dataKind().then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
