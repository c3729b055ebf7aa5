import { ConfigError } from "../../core/errors.ts";
import type { RegionHour } from "../../core/intensity.ts";
import type { Instant } from "../../core/time.ts";
import type { UsageRow } from "../../core/usage.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import { detailOf } from "../../emissions/report/grouping.ts";
import { RunningTotals } from "../../emissions/running-totals.ts";
import type { BadLine } from "../usage/read-usage.ts";
import {
  type CalculateFilesParts,
  type CalculateFilesRequest,
  type FilesReport,
  reportOfTotals,
} from "./files-report.ts";
import { badLines, type HoursOfFile } from "./hours-of-file.ts";

const SHOWN_PROBLEMS = 20;
const SHARES_TIME = "shares time with an earlier line of its service, region and labels (--sum adds them up)";

/** Emissions of a file of usage at the intensity of another file, without a store. Lines are added up as they come: the memory
 *  follows the number of hours, services, regions and label sets, not that of lines. Throws ConfigError for bad lines, unless
 *  they are to be skipped. */
export async function calculateFiles(
  parts: CalculateFilesParts,
  request: CalculateFilesRequest,
): Promise<FilesReport> {
  const { usageName, intensity, readers } = request;
  const hoursOf = hoursByRegion(parts.factors, intensity);
  const totals = new RunningTotals({
    ...parts,
    detail: detailOf(request.by, false),
    unit: request.unit,
    hoursOf,
    mayShareTime: request.sum,
  });
  const { lines, badLines: bad, problems, attributions } = await addLines(parts, request, totals);
  if (lines === 0) throw new ConfigError(`${usageName} holds no lines of usage.`);
  if (bad > 0 && !request.skipBad)
    throw badLines(
      usageName,
      lines,
      bad,
      problems.map(({ line, reason }) => `line ${line}: ${reason}`),
    );
  const usageFile = {
    name: usageName,
    lines,
    badLines: bad,
    problems,
    notModelled: readers.notModelled(),
    withoutRegion: readers.withoutRegion(),
  };
  const intensityFile = {
    name: request.intensityName,
    rows: intensity.rows,
    hours: [...intensity.hours.values()].reduce((count, { size }) => count + size, 0),
    zones: [...intensity.hours.keys()].sort(),
    suspectRows: intensity.suspect,
  };
  const report = reportOfTotals(parts, request, { totals, hoursOf, attributions, usageFile, intensityFile });
  return { ...report, usageFile, intensityFile };
}

const NO_HOURS: ReadonlyMap<Instant, RegionHour> = new Map();

const hoursByRegion =
  ({ regions }: FactorSet, { hours }: HoursOfFile) =>
  (region: string): ReadonlyMap<Instant, RegionHour> =>
    hours.get(regions[region]?.zone ?? "") ?? NO_HOURS;

interface AddedLines {
  readonly lines: number;
  readonly badLines: number;
  readonly problems: readonly BadLine[];
  readonly attributions: readonly string[];
}

async function addLines(
  parts: CalculateFilesParts,
  { batches, onProgress }: CalculateFilesRequest,
  totals: RunningTotals,
): Promise<AddedLines> {
  let lines = 0;
  let badLines = 0;
  const problems: BadLine[] = [];
  const attributions = new Set<string>();
  const note = (bad: BadLine): void => {
    badLines++;
    if (problems.length < SHOWN_PROBLEMS) problems.push(bad);
  };
  for await (const { rows, lines: numbers, bad, leftOut } of batches) {
    lines += rows.length + bad.length + leftOut;
    for (const one of bad) note(one);
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as UsageRow;
      let outcome = totals.add(row);
      if (outcome === "needs-annual-mean") {
        const attribution = await learnAnnualMean(parts, totals, row.region);
        if (attribution !== null) attributions.add(attribution);
        outcome = totals.add(row);
      }
      if (outcome === "shares-time") note({ line: numbers[index] ?? 0, reason: SHARES_TIME });
    }
    onProgress?.(lines);
  }
  return { lines, badLines, problems, attributions: [...attributions] };
}

/** Whom to thank for it; null: there is none of the configured factor type. */
async function learnAnnualMean(
  { factors, annualMean }: CalculateFilesParts,
  totals: RunningTotals,
  region: string,
): Promise<string | null> {
  const zone = factors.regions[region]?.zone ?? null;
  const mean = zone === null ? undefined : await annualMean(zone);
  totals.setAnnualMean(region, mean ?? null);
  return mean?.factorType === factors.factorType ? mean.attribution : null;
}
