import type { Notifier } from "../../alert/slack.ts";
import { SourceError } from "../../core/errors.ts";
import { HOUR_MS } from "../../core/time.ts";
import { STALE_AFTER_HOURS } from "../../emissions/operational.ts";
import type { Log } from "../parts.ts";
import type { IngestResult, RegionOutcome } from "./ingest-result.ts";

/** Tells what failed and, when a fallback could fill past hours only, that the recent ones are still missing. */
export async function tellFailures(
  { notifier, log }: { readonly notifier: Notifier | null; readonly log: Log },
  result: IngestResult,
): Promise<void> {
  const isBehind = ({ newestHour }: RegionOutcome): boolean =>
    newestHour === null ||
    Date.parse(result.startedAt) - Date.parse(newestHour) > STALE_AFTER_HOURS * HOUR_MS;
  const isIncomplete = ({ error, hoursUnreachable }: RegionOutcome): boolean =>
    error !== null || hoursUnreachable > 0;
  const told = result.regions.filter(
    (region) => region.failure !== null || (isIncomplete(region) && isBehind(region)),
  );
  if (told.length === 0) return;
  const failed = told.filter((region) => region.failure !== null).length;
  const behind = told.length - failed;
  const counts = [
    ...(failed > 0 ? [`${failed} of ${result.regions.length} regions failed`] : []),
    ...(behind > 0 ? [`${behind} of ${result.regions.length} regions miss their recent hours`] : []),
  ].join(", ");
  const text = [
    `co2e ingest at ${result.startedAt}: ${counts}.`,
    ...told.map((region) => `• ${region.region} (${region.zone}): ${failureText(region)}`),
    ...(told.length < result.regions.length ? ["The other regions were stored."] : []),
    "The next run that succeeds fills what is missing, as far back as the sources reach.",
  ].join("\n");
  await tell({ notifier, log }, text, told.length);
}

/** The whole run failed because the database could not be used. */
export async function tellStoreFailure(
  parts: { readonly notifier: Notifier | null; readonly log: Log },
  message: string,
): Promise<void> {
  await tell(parts, `co2e ingest failed and stored nothing: ${message}`, 0);
}

async function tell(
  { notifier, log }: { readonly notifier: Notifier | null; readonly log: Log },
  text: string,
  regions: number,
): Promise<void> {
  if (notifier === null) return;
  try {
    await notifier.send(text);
    log.info({ regions }, "failure-told");
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    log.error({ error: error.message }, "telling-failed");
  }
}

function failureText({ failure, error, newestHour, source }: RegionOutcome): string {
  const what = {
    "no-value": "no source gave a grid intensity",
    "not-stored": "the grid intensity could not be stored",
    none: `${source} filled past hours, the recent ones are missing`,
  }[failure ?? "none"];
  const newest = newestHour === null ? "no hour is known" : `newest known hour ${newestHour}`;
  return `${what} (${newest}): ${error ?? "no source of the chain has them"}`;
}
