import type {
  ExplainedCell,
  ExplainedHour,
  ExplainedReading,
  ExplainedSeries,
  ExplainedUsage,
  Figure,
} from "../emissions/explanation.ts";
import type { EnergyProfile, FactorSet } from "../emissions/factor-set.ts";
import type { Recomputed } from "../emissions/recompute.ts";
import type { CheckedExplanation } from "../flows/emissions/explain.ts";
import { embodiedText } from "./embodied-text.ts";
import { labelsText, number, shortTime } from "./explained-words.ts";
import { wholeNumber } from "./output.ts";
import { statedRowsText } from "./stated-rows-text.ts";

/** Of many hours, those that matter most are shown in full. */
const MOST_HOURS = 5;
/** Of more days none is listed one by one. */
const MOST_DAYS = 10;

/** From the figure down to the readings. */
export function explanationText(explanation: CheckedExplanation): string[] {
  const { figure, series, recomputed, notes } = explanation;
  const cells = series.flatMap((one) => one.cells.map((cell) => ({ series: one, cell })));
  const shown = [...cells]
    .sort((a, b) => emissionsOf(b.cell) - emissionsOf(a.cell) || b.cell.kWh - a.cell.kWh)
    .slice(0, MOST_HOURS);
  return [
    ...heading(explanation),
    "",
    `Emissions  ${emissionsText(figure)}` +
      (figure.estimatedGCO2e === 0
        ? ""
        : ` = ${number(figure.gCO2e ?? 0)} calculated + ${number(figure.estimatedGCO2e)} estimated`) +
      (figure.lowGCO2e === null || figure.highGCO2e === null
        ? ""
        : `, between ${number(figure.lowGCO2e)} and ${number(figure.highGCO2e)}`),
    isEnergyKnown(figure)
      ? `Energy     ${number(figure.kWh)} kWh, of which ${number(figure.coveredKWh)} in hours with a known intensity`
      : "Energy     unknown",
    ...(figure.requests === null ? [] : [`Requests   ${number(figure.requests)}`]),
    ...(figure.embodiedGCO2e === null
      ? []
      : [`Embodied   ${number(figure.embodiedGCO2e)} gCO2e, not in the emissions above`]),
    ...daysText(explanation),
    ...(cells.length === 0 ? [] : ["", cellsHeading(shown.length, cells.length)]),
    ...shown.flatMap(({ series: one, cell }) => ["", ...cellText(explanation, one, cell)]),
    ...removedDaysText(explanation.removedDays),
    ...statedRowsText(explanation.stated),
    "",
    ...factorsText(explanation),
    ...notes,
    `Recomputed from the above: ${emissionsText(recomputed.figure)}, ` +
      (recomputed.differences.length === 0 ? "equal" : "NOT equal") +
      // Of figures that all follow from evidence there is nothing to tell apart.
      (recomputed.statedRows + recomputed.removedDays === 0 ? "" : `; ${recomputedText(recomputed)}`),
  ];
}

const cellsHeading = (shown: number, all: number): string => {
  if (all > shown) return `The ${shown} of ${all} hourly figures that emit most (--json has all):`;
  return all === 1 ? "The hourly figure:" : `The ${all} hourly figures:`;
};

/** Sums of days of regions; of many the first ones. */
function removedDaysText(days: CheckedExplanation["removedDays"]): string[] {
  if (days.length === 0) return [];
  const listed = days.slice(0, MOST_DAYS);
  return [
    "",
    "What counts of days whose hours are no longer kept:",
    ...listed.map((day) => `  ${day.day}  ${day.region}  ${energyAndEmissions(day)}`),
    ...(days.length > listed.length ? [`  and ${days.length - listed.length} more (--json has all)`] : []),
  ];
}

/** "24 hourly figures worked out again, 2 stated rows taken as they are" */
export const recomputedText = ({
  cells,
  statedRows,
  removedDays,
}: Pick<Recomputed, "cells" | "statedRows" | "removedDays">): string =>
  `${wholeNumber(cells)} hourly ${cells === 1 ? "figure" : "figures"} worked out again` +
  (removedDays === 0
    ? ""
    : `, ${removedDays === 1 ? "1 sum of a day taken as it is" : `${wholeNumber(removedDays)} sums of days taken as they are`}`) +
  (statedRows === 0
    ? ""
    : `, ${statedRows === 1 ? "1 stated row taken as it is" : `${wholeNumber(statedRows)} stated rows taken as they are`}`);

const heading = ({ filter, period, periodStart, periodEnd, timeZone }: CheckedExplanation): string[] => {
  const labels = labelsText(filter.labels);
  return [
    `${filter.service ?? "All services"} in ${filter.region ?? "all regions"}${labels === "" ? "" : ` (${labels})`}, ${period}`,
    `${shortTime(periodStart)} to ${shortTime(periodEnd)} UTC; days are of ${timeZone}`,
  ];
};

function daysText({ days, series, stated }: CheckedExplanation): string[] {
  if (days.length === 0) return [];
  const cells = series.reduce((count, one) => count + one.cells.length, 0);
  const listed = days.length <= MOST_DAYS ? days : [];
  return [
    "",
    `= the sum of ${days.length === 1 ? "a day" : `${days.length} days`} = the sum of ${wholeNumber(cells)} hourly figures` +
      (stated.length === 0
        ? ""
        : `; beside them ${stated.length === 1 ? "a row that states its" : `${wholeNumber(stated.length)} rows that state their`} figures`),
    ...listed.map(
      (day) =>
        `  ${day.day}  ${energyAndEmissions(day)}${day.hasCells ? "" : "  (its hours are no longer kept)"}`,
    ),
  ];
}

function cellText(explanation: CheckedExplanation, series: ExplainedSeries, cell: ExplainedCell): string[] {
  const start = Date.parse(cell.start);
  const factors = explanation.factorSets[cell.factorSet];
  const hourStart = new Date(start - (start % 3_600_000)).toISOString();
  const hour = explanation.hours.find(({ region, hour }) => region === series.region && hour === hourStart);
  const end = start - (start % 3_600_000) + 3_600_000;
  const usage = series.usage.filter(
    (row) => row.origin === cell.origin && Date.parse(row.start) < end && Date.parse(row.end) > start,
  );
  const labels = labelsText(series.labels);
  return [
    `${shortTime(cell.start)} UTC  ${series.service} in ${series.region}${labels === "" ? "" : ` (${labels})`}, from ${cell.origin}`,
    ...arithmetic(cell),
    ...usage.map((row) => `  usage      ${usageText(row)}`),
    ...(usage.length > 0 && cell.method === "uniform-over-period"
      ? ["             spread evenly over that time; this hour has its share"]
      : []),
    ...(cell.tier === null ? [] : [`  energy     ${energyText(cell, usage, series, factors)}`]),
    ...(factors === undefined || cell.pue === 1
      ? []
      : [`  PUE        ${cell.pue}: ${factors.regions[series.region]?.pueSource ?? "unknown source"}`]),
    ...intensityText(explanation, series.region, cell, hour),
    ...embodiedText(series, cell, usage, factors?.embodied),
  ];
}

/** 10 kWh × 1.35 (PUE) = 13.5 kWh; 13.5 kWh × 300 g/kWh = 4050 g */
function arithmetic(cell: ExplainedCell): string[] {
  if (cell.tier === null)
    return [`  counts ${number(cell.requests ?? 0)} requests; ${otherEnergyText(cell)}`];
  const facility =
    cell.pue === 1
      ? `${number(cell.kWh)} kWh (facility energy: PUE is in it)`
      : `${number(cell.statedKWh)} kWh × ${cell.pue} (PUE) = ${number(cell.kWh)} kWh`;
  return [
    `  ${facility}`,
    cell.gCO2ePerKWh === null
      ? "  no intensity is known or estimated: emissions unknown"
      : `  ${number(cell.kWh)} kWh × ${number(cell.gCO2ePerKWh)} g/kWh = ${number(emissionsOf(cell))} gCO2e`,
  ];
}

function usageText(row: ExplainedUsage): string {
  const facts = [
    row.requests === null ? "" : `${number(row.requests)} requests`,
    row.energy === null ? "" : `${number(row.energy.kWh)} kWh ${row.energy.boundary}, ${row.energy.tier}`,
    ...Object.entries(row.quantities ?? {}).map(([name, amount]) => `${name} ${number(amount)}`),
  ].filter((fact) => fact !== "");
  return (
    `${shortTime(row.start)} to ${shortTime(row.end)}: ${facts.join(", ")}; ` +
    `recorded ${shortTime(row.recordedAt)}${row.revision === 1 ? "" : `, revision ${row.revision}`}`
  );
}

function energyText(
  cell: ExplainedCell,
  usage: readonly ExplainedUsage[],
  series: ExplainedSeries,
  factors: FactorSet | undefined,
): string {
  const stated = usage.some(({ energy }) => energy !== null);
  if (cell.tier === "measured" || stated) return `${cell.tier}, as stated`;
  if (cell.tier === "modelled") {
    const provider = factors?.regions[series.region]?.provider ?? null;
    const lines = [...new Set(usage.flatMap(({ quantities }) => Object.keys(quantities ?? {})))].flatMap(
      (name) => {
        const found =
          factors?.coefficients.find((one) => one.quantity === name && one.provider === provider) ??
          factors?.coefficients.find((one) => one.quantity === name && one.provider === null);
        return found === undefined
          ? []
          : [`${name} × ${found.kWhPerUnit} kWh (${found.source}, ${found.year})`];
      },
    );
    return `modelled: ${lines.join(" + ")}`;
  }
  const profile = profileOf(factors?.profiles[series.service], usage[0]?.start ?? cell.start);
  return profile === undefined
    ? `${cell.tier}`
    : `${cell.tier}: ${profile.whPerRequest} Wh a request, ${profile.boundary}, ${profile.validFrom === null ? "always valid" : `valid from ${shortTime(profile.validFrom)}`}; ` +
        `${profile.description} (${profile.source})`;
}

const profileOf = (profiles: readonly EnergyProfile[] | undefined, at: string): EnergyProfile | undefined =>
  profiles?.findLast(({ validFrom }) => validFrom === null || Date.parse(validFrom) <= Date.parse(at));

function intensityText(
  explanation: CheckedExplanation,
  region: string,
  cell: ExplainedCell,
  hour: ExplainedHour | undefined,
): string[] {
  if (cell.tier === null || cell.gCO2ePerKWh === null) return [];
  if (cell.estimate === "hour-of-day")
    return [
      "  intensity  estimated: the mean of the known hours at this hour of the day, 28 days before and after",
    ];
  if (cell.estimate === "annual-mean") {
    const mean = explanation.annualMeans[region];
    const of =
      mean === undefined ? "" : ` (${mean.area}, ${mean.year ?? "newest year known"}: ${mean.attribution})`;
    return [`  intensity  estimated: the mean of a year, since too few hours around are known${of}`];
  }
  if (hour === undefined) return [`  intensity  ${cell.kind}`];
  const behind = new Set(hour.readingIds);
  return [
    `  intensity  ${number(hour.gCO2ePerKWh)} g/kWh, ${hour.kind ?? "unstated"}, ${hour.source}` +
      (hour.zone === null ? "" : `, zone ${hour.zone}`) +
      (hour.basis === null ? "" : `, ${hour.basis}`) +
      (hour.acceptRule === null ? "" : `, accept rule ${hour.acceptRule}`) +
      (hour.isApproved ? ", approved by a person" : "") +
      (hour.isRemoved ? " (from the stored figure)" : ""),
    ...explanation.readings.filter(({ id }) => behind.has(id)).map(readingText),
  ];
}

function readingText(reading: ExplainedReading): string {
  const others = reading.otherRevisions
    .map(({ revision, rawValue, fetchedAt }) => `${revision}: ${rawValue} at ${shortTime(fetchedAt)}`)
    .join(", ");
  return (
    `  reading    ${reading.id}: ${reading.rawValue} ${reading.rawUnit}, ${shortTime(reading.start)} to ` +
    `${reading.end.slice(11, 16)}, fetched ${shortTime(reading.fetchedAt)}, revision ${reading.revision}` +
    (others === "" ? "" : ` (others: ${others})`) +
    (reading.suspect.length === 0 ? "" : `, suspect: ${reading.suspect.join(", ")}`) +
    (reading.review === null
      ? ""
      : `, ${reading.review.accept ? "accepted" : "rejected"} by ${reading.review.reviewer}: ${reading.review.reason}`)
  );
}

function factorsText({ factorSets, versions }: CheckedExplanation): string[] {
  return [
    ...Object.keys(factorSets).map((sha256) => `Factors    ${sha256}`),
    `Program    ${versions.calculatedBy === null ? "" : `calculated by co2e ${versions.calculatedBy}, ${shortTime(versions.calculatedAt ?? "")} UTC; `}` +
      `explained by co2e ${versions.explainedBy}`,
  ];
}

/** Why a cell has no energy. Within an hour there may be several reasons; the first that holds is said. */
const otherEnergyText = (cell: ExplainedCell): string =>
  cell.requestsWithoutEnergy > 0
    ? `nothing states or models the energy of ${cell.requestsWithoutEnergy === cell.requests ? "them" : number(cell.requestsWithoutEnergy)}: unknown`
    : cell.requestsElsewhere > 0
      ? "the energy is from another origin, which states it under other labels"
      : cell.requests === null
        ? "it says nothing of energy"
        : "the energy is from another origin";

/** Usage that says nothing of energy leaves it unknown; usage of 0 kWh emits 0 g. */
const isEnergyKnown = ({ kWh, gCO2e }: { readonly kWh: number; readonly gCO2e: number | null }): boolean =>
  kWh !== 0 || gCO2e !== null;

const emissionsText = (figure: Pick<Figure, "gCO2e" | "estimatedGCO2e" | "estimatedKWh">): string =>
  figure.gCO2e === null && figure.estimatedKWh === 0 ? "unknown" : `${number(emissionsOf(figure))} gCO2e`;

const energyAndEmissions = (day: Pick<Figure, "kWh" | "gCO2e" | "estimatedGCO2e">): string =>
  (isEnergyKnown(day) ? `${number(day.kWh)} kWh` : "unknown kWh") +
  (day.gCO2e === null && day.estimatedGCO2e === 0
    ? "  unknown gCO2e"
    : `  ${number(emissionsOf(day))} gCO2e`);

const emissionsOf = ({ gCO2e, estimatedGCO2e }: Pick<ExplainedCell, "gCO2e" | "estimatedGCO2e">): number =>
  (gCO2e ?? 0) + estimatedGCO2e;
