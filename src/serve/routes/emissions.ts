import * as v from "valibot";
import { figurePeriodOf, periodOf, reportPeriods } from "../../core/periods.ts";
import { DAY_MS, instant, lastWholeHours, toIso } from "../../core/time.ts";
import { DIMENSIONS_HELP, type Dimension, dimensionOf } from "../../emissions/report/grouping.ts";
import { calculate } from "../../flows/emissions/calculate.ts";
import { withClosedMonths } from "../../flows/emissions/closed-in-report.ts";
import { explainAndCheck } from "../../flows/emissions/explain.ts";
import { longestMs, readEmissionSums, wholeSteps } from "../../flows/emissions/read-emission-sums.ts";
import { regionHours } from "../../flows/emissions/region-hours.ts";
import {
  accountingCalendar,
  type ReportParts,
  reportEmissions,
} from "../../flows/emissions/report-emissions.ts";
import { withKnownZones } from "../../flows/grid/known-zones.ts";
import { requireLocated } from "../../flows/grid/locate-regions.ts";
import { serviceProfile } from "../../flows/usage/service-profile.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Handlers } from "../operation-route.ts";
import { ApiProblem } from "../problem.ts";
import { labelsOf, named, regionFilter, requireEarlier } from "../request-values.ts";
import type { ServeParts, ServeSettings } from "../serve-parts.ts";

const position = v.object({
  next: v.pipe(v.number(), v.safeInteger()),
  end: v.pipe(v.number(), v.safeInteger()),
});

export function emissionRoutes(
  parts: ServeParts,
  settings: ServeSettings,
): Pick<Handlers, "calculate" | "listEmissions" | "getReport" | "explain"> {
  const { store, clock, attributionOf, annualMean, version } = parts;
  return {
    async calculate({ body }) {
      const now = clock();
      const found = settings.findRegion(body.region);
      if (found === undefined)
        throw unusable("region", settings.regionOf(body.region).problem ?? "is not configured");
      const period = periodOf(body, now, named)?.interval ?? lastWholeHours(now, 24);
      const factorType = body.factorType ?? settings.accept.factorType;
      const accept = { ...settings.accept, now };
      return calculate(
        {
          store,
          clock: () => now,
          annualMean,
          attributionOf,
          hoursOf: (region, interval) => regionHours(store, region, interval, factorType, accept),
        },
        {
          service: body.service,
          profile: await serviceProfile(store, settings.configuredServices, body.service, period.start),
          region: await requireLocated(store, found),
          requestCount: body.requests,
          period,
          factorType,
        },
      );
    },

    async listEmissions({ query }) {
      const resolution = query.resolution ?? "day";
      const at = readCursor("listEmissions", query, position);
      const standardMs = resolution === "hour" ? DAY_MS : 31 * DAY_MS;
      const to = at === null ? (query.to ?? clock()) : instant(at.end);
      const from = at === null ? (query.from ?? instant(to - standardMs)) : instant(at.next);
      requireEarlier(from, to);
      if (to - from > longestMs(resolution))
        throw new ApiProblem("invalid-request", `from is too long before to for sums by ${resolution}.`, {
          errors: [{ name: "from", reason: `is more than ${longestMs(resolution) / DAY_MS} days before to` }],
        });
      const calendar = await accountingCalendar({ store });
      const interval = wholeSteps({ start: from, end: to }, resolution, calendar);
      const page = await readEmissionSums(store, {
        resolution,
        interval,
        calendar,
        filter: {
          service: query.service ?? null,
          region: regionFilter(settings, query.region),
          labels: labelsOf(query.label),
        },
        withEstimate: query.estimate ?? true,
        rowsOfPage: query.limit ?? 1000,
      });
      return {
        resolution,
        timeZone: calendar.timeZone,
        from: toIso(interval.start),
        to: toIso(interval.end),
        rows: page.rows.map(({ start, end, service, region, figures: { perUnit: _, ...figures } }) => ({
          start: toIso(start),
          end: toIso(end),
          service,
          region,
          ...figures,
        })),
        nextCursor:
          page.next === null
            ? null
            : writeCursor("listEmissions", query, { next: page.next, end: interval.end }),
      };
    },

    async getReport({ query }) {
      const now = clock();
      const calendar = await accountingCalendar({ store });
      const { period, from, to, month, year } = query;
      const isGiven = [period, from, to, month, year].some((one) => one !== undefined);
      const periods = reportPeriods(isGiven ? query : { period: "last-24h" }, now, calendar, named);
      const { current, previous } = periods;
      const report = await reportEmissions(await reportParts(), current.name, current.period, {
        by: dimensionsOf(query.by ?? ["service", "region"]),
        labels: labelsOf(query.label),
        service: query.service ?? null,
        region: regionFilter(settings, query.region),
        withEstimate: query.estimate ?? true,
        unit: query.per?.replace(/^unit:/, "") ?? null,
        previous: query.compare === "none" ? null : previous,
        market: query.market ? settings.market : null,
        daily: query.daily ?? false,
      });
      return withClosedMonths({ store }, calendar, current.period, report);
    },

    async explain({ query }) {
      const calendar = await accountingCalendar({ store });
      const period = figurePeriodOf(query, calendar, clock(), named);
      if (period === undefined)
        throw new ApiProblem(
          "invalid-request",
          "Say which time: hour, day, month, year, period, or from and to.",
        );
      return explainAndCheck(
        { store, annualMean, version },
        {
          filter: {
            service: query.service ?? null,
            region: regionFilter(settings, query.region),
            labels: labelsOf(query.label),
          },
          period: period.name,
          interval: period.interval,
          calendar,
        },
      );
    },
  };

  async function reportParts(): Promise<ReportParts> {
    const regions = await withKnownZones(store, settings.regions);
    return {
      store,
      clock,
      version,
      attributionOf,
      annualAttributionOf: async (zone) => (await annualMean(zone))?.attribution,
      regions: regions.map(({ name, zone, provider }) => ({
        name,
        zone,
        scope: provider === "site" ? 2 : 3,
      })),
    };
  }
}

const unusable = (name: string, reason: string): ApiProblem =>
  new ApiProblem("unprocessable", `${name}: ${reason}`, { errors: [{ name, reason }] });

function dimensionsOf(names: readonly string[]): Dimension[] {
  const wrong = (reason: string): ApiProblem =>
    new ApiProblem("invalid-request", `by ${reason}.`, { errors: [{ name: "by", reason }] });
  if (new Set(names).size < names.length) throw wrong(`${names[0]} is given twice`);
  return names.map((name) => {
    const dimension = dimensionOf(name);
    if (dimension === undefined) throw wrong(`${name} is not known: use ${DIMENSIONS_HELP}`);
    return dimension;
  });
}
