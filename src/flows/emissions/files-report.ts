import type { Calendar } from "../../core/calendar.ts";
import { addSums, type EmissionPart, NOTHING } from "../../core/emission-sum.ts";
import type { AnnualMean, RegionHour } from "../../core/intensity.ts";
import { type Instant, type Interval, toIso } from "../../core/time.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { EmissionsReport, SourceHours } from "../../emissions/report/emissions-report.ts";
import type { Dimension } from "../../emissions/report/grouping.ts";
import { emissionsReport } from "../../emissions/report/report.ts";
import type { RunningTotals } from "../../emissions/running-totals.ts";
import type { NotModelled } from "../../usage/billing-line.ts";
import type { Clock } from "../parts.ts";
import type { BadLine, UsageBatch } from "../usage/read-usage.ts";
import type { UsageReaders } from "../usage/usage-readers.ts";
import type { HoursOfFile } from "./hours-of-file.ts";

export interface CalculateFilesParts {
  readonly factors: FactorSet;
  readonly calendar: Calendar;
  readonly annualMean: (zone: string) => Promise<AnnualMean | undefined>;
  readonly clock: Clock;
  readonly version: string;
}

export interface CalculateFilesRequest {
  readonly usageName: string;
  readonly batches: AsyncIterable<UsageBatch>;
  readonly readers: Pick<UsageReaders, "notModelled" | "withoutRegion" | "currency">;
  readonly intensityName: string;
  readonly intensity: HoursOfFile;
  readonly by: readonly Dimension[];
  /** A functional unit besides requests; null: requests alone. */
  readonly unit: string | null;
  readonly withEstimate: boolean;
  /** Whether lines that share the time of one service, region and label set are added up. */
  readonly sum: boolean;
  /** Whether the good lines count where there are bad ones. */
  readonly skipBad: boolean;
  readonly onProgress?: (lines: number) => void;
}

/** A report, and what of the two files is behind it. */
export interface FilesReport extends EmissionsReport {
  readonly usageFile: {
    readonly name: string;
    readonly lines: number;
    readonly badLines: number;
    /** The first of them. */
    readonly problems: readonly BadLine[];
    readonly notModelled: readonly NotModelled[];
    readonly withoutRegion: readonly NotModelled[];
  };
  readonly intensityFile: {
    readonly name: string;
    readonly rows: number;
    readonly hours: number;
    readonly zones: readonly string[];
    readonly suspectRows: number;
  };
}

/** What was added up, and what it is made of. */
export interface AddedFiles extends Pick<FilesReport, "usageFile" | "intensityFile"> {
  readonly totals: RunningTotals;
  readonly hoursOf: (region: string) => ReadonlyMap<Instant, RegionHour>;
  /** For means of a year. */
  readonly attributions: readonly string[];
}

/** The report that `co2e report` would give of the same usage. */
export function reportOfTotals(
  { factors, calendar, clock, version }: CalculateFilesParts,
  request: CalculateFilesRequest,
  added: AddedFiles,
): EmissionsReport {
  const { totals, hoursOf, attributions } = added;
  const now = clock();
  const parts: readonly EmissionPart[] = totals.parts();
  const period = totals.interval ?? { start: now, end: now };
  const report = emissionsReport(
    {
      name: request.usageName,
      period,
      by: request.by,
      service: null,
      region: null,
      labels: {},
      withEstimate: request.withEstimate,
      unit: request.unit,
      daily: false,
    },
    {
      current: { name: request.usageName, period, parts },
      previous: null,
      counted: [],
      replacedRows: 0,
      usage: parts.reduce((sum, part) => addSums(sum, part.sum), NOTHING),
      hasSharedDays: false,
      hasUnknownFactorSets: false,
      pendingDays: 0,
      sources: sourcesOf(totals.regions.map(hoursOf), period),
      attributions,
      scopeOf: (region) => factors.regions[region]?.scope ?? null,
      market: null,
      inputs: {
        generatedAt: toIso(now),
        version,
        factorType: factors.factorType,
        factorSets: [],
        currency: request.readers.currency(),
      },
    },
    calendar.timeZone,
  );
  return { ...report, notes: [...notesOnFiles(added), ...report.notes] };
}

/** Hours of the file in the period, by kind. */
function sourcesOf(regions: readonly ReadonlyMap<Instant, RegionHour>[], period: Interval): SourceHours[] {
  const counts = new Map<string, { source: string; kind: string | null; hours: number }>();
  for (const hours of regions)
    for (const { hour, source, kind } of hours.values()) {
      if (hour < period.start || hour >= period.end) continue;
      const key = `${source} ${kind}`;
      const count = counts.get(key) ?? { source, kind, hours: 0 };
      count.hours++;
      counts.set(key, count);
    }
  return [...counts.values()].map((count) => ({ ...count, basis: null }));
}

/** What a reader must know of the files. */
function notesOnFiles({ totals, hoursOf, usageFile, intensityFile }: AddedFiles): string[] {
  const notes: string[] = [];
  const { badLines, lines, notModelled, withoutRegion } = usageFile;
  const linesOf = (kinds: readonly { readonly lines: number }[]): number =>
    kinds.reduce((sum, kind) => sum + kind.lines, 0);
  if (badLines > 0) notes.push(`Skipped: ${badLines} of ${lines} lines cannot be read and do not count.`);
  if (notModelled.length > 0)
    notes.push(
      `Not modelled: ${linesOf(notModelled)} lines have a cost and nothing that energy can be modelled from.`,
    );
  if (withoutRegion.length > 0)
    notes.push(`No region: ${linesOf(withoutRegion)} lines are about no region and do not count.`);
  if (intensityFile.suspectRows > 0)
    notes.push(
      `Suspect: ${intensityFile.suspectRows} of ${intensityFile.rows} values of ${intensityFile.name} look wrong and ` +
        "are not used; co2e import intensity, then co2e readings, says why.",
    );
  const without = totals.regions.filter((region) => hoursOf(region).size === 0).sort();
  if (without.length > 0)
    notes.push(`No intensity: ${intensityFile.name} has no hours for the zone of ${without.join(", ")}.`);
  if (!totals.isComparing)
    notes.push(
      "Not compared: the lines are in great disorder. Whether one counts the time of another again was not looked at " +
        "in all of them; sort the file by time.",
    );
  return notes;
}
