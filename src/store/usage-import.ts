import { ConfigError } from "../core/errors.ts";
import { type Instant, instant } from "../core/time.ts";
import { type Labels, labelsKey, type UsageRow } from "../core/usage.ts";
import { useCurrency } from "./accounting.ts";
import { jsonRows, type Queries } from "./database.ts";
import {
  ADD_UP,
  addRows,
  CHANGE_ROWS,
  CREATE_SERIES,
  DROP_PROBLEMS,
  DROP_REPEATED,
  FIND_SERIES,
  FIND_UNLIKE_ENERGY,
  findOverlaps,
  INDEX_STAGE,
  JOIN_COSTS,
  PLACE_COSTS,
  REMOVE_ROWS,
  STAGE_PROBLEMS,
  STAGE_ROWS,
  STAGE_SERIES,
  STAGE_TABLES,
} from "./usage-import-sql.ts";
import { MOST_SERIES_OF_A_SERVICE, usageNames } from "./usage-series.ts";

export interface StagedProblem {
  readonly line: number;
  readonly reason: string;
}

export interface PublishedUsage {
  readonly rows: number;
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Rows of the origin in the time of the file that the file does not have, where those are removed. */
  readonly removed: number;
  /** Services, regions and label sets. */
  readonly series: number;
  /** null: there are no rows. */
  readonly from: Instant | null;
  readonly to: Instant | null;
}

export interface CheckSettings {
  readonly origin: string;
  /** The configured one; null: none is. */
  readonly currency: string | null;
  /** Whether lines of one identity are added up. */
  readonly sum: boolean;
  /** Whether the file is all that the origin has to say of its time. */
  readonly replace: boolean;
}

/** One import, within one transaction: lines are staged in temporary tables that end with it, checked there, and become usage
 *  as a whole. */
export type UsageImports = ReturnType<typeof usageImportTable>;

export function usageImportTable(queries: Queries) {
  const series = seriesNumbers();
  return {
    /** One import of an origin at a time, and nothing else is recorded for it meanwhile. */
    async begin(origin: string): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20147, hashtext($1))", [origin]);
      await queries.script(STAGE_TABLES);
    },

    /** Usage, with the numbers of its lines. */
    async stage(rows: readonly UsageRow[], lines: readonly number[]): Promise<void> {
      if (rows.length === 0) return;
      const fresh: object[] = [];
      const numbers = rows.map((row) => series.numberOf(row, fresh));
      if (fresh.length > 0) await queries.query(STAGE_SERIES, [jsonRows(fresh)]);
      await queries.query(STAGE_ROWS, [
        array(lines),
        array(numbers),
        array(rows.map(({ start }) => start)),
        array(rows.map(({ end }) => end)),
        array(rows.map(({ requests }) => requests)),
        array(rows.map(({ energy }) => energy?.kWh ?? null)),
        array(rows.map(({ energy }) => energy?.boundary ?? null)),
        array(rows.map(({ energy }) => energy?.tier ?? null)),
        array(
          rows.map(({ quantities }) => (quantities === null ? null : quoted(JSON.stringify(quantities)))),
        ),
        array(rows.map(({ cost }) => cost)),
      ]);
    },

    async stageProblems(problems: readonly StagedProblem[]): Promise<void> {
      if (problems.length > 0) await queries.query(STAGE_PROBLEMS, [jsonRows(problems)]);
    },

    /** Finds lines that contradict one another or the rows that the origin has, and takes them out. Returns how many lines
     *  repeated another one, or were added to it. */
    async check({ origin, sum, replace, currency }: CheckSettings): Promise<number> {
      await queries.script(INDEX_STAGE);
      await usageNames(queries).originIds([origin]);
      await queries.query(FIND_SERIES);
      if (sum) {
        await queries.query(FIND_UNLIKE_ENERGY);
        await queries.query(DROP_PROBLEMS);
      }
      const [costs] = await queries.query<{ found: boolean }>(
        "select exists (select from usage_stage where cost is not null) as found",
      );
      if (costs?.found) await useCurrency(queries, currency);
      const [merged] = await queries.query<{ count: number }>(sum ? ADD_UP : DROP_REPEATED);
      if (sum) {
        await queries.query(PLACE_COSTS);
        await queries.query(JOIN_COSTS);
      } else await queries.query(DROP_PROBLEMS);
      await queries.query(findOverlaps(replace), [origin]);
      await queries.query(DROP_PROBLEMS);
      return merged?.count ?? 0;
    },

    /** Lines with a problem. */
    async problemCount(): Promise<number> {
      const [row] = await queries.query<{ count: number }>(
        "select count(distinct line)::float8 as count from usage_problem",
      );
      return row?.count ?? 0;
    },

    /** In order of the lines, from after `line` on. */
    async problems(line: number, limit: number): Promise<StagedProblem[]> {
      return queries.query<StagedProblem>(
        `select p.line::float8 as line, string_agg(p.reason, '; ' order by p.reason) as reason from usage_problem p
         where p.line > $1::bigint group by p.line order by p.line limit $2::int`,
        [line, limit],
      );
    },

    /** Makes usage of what is staged: what is new, and what differs from before. With `replace` the rows of the origin that
     *  lie in the time of the file and are not in it are removed. */
    async publish({ origin, replace }: Pick<CheckSettings, "origin" | "replace">): Promise<PublishedUsage> {
      const [staged] = await queries.query<{
        first: number | null;
        last: number | null;
        rows: number;
        series: number;
      }>(
        `select min(starts_ms)::float8 as first, max(ends_ms)::float8 as last, count(*)::float8 as rows,
           count(distinct series)::float8 as series from usage_stage`,
      );
      const rows = staged?.rows ?? 0;
      const known = await hasRows(queries, origin);
      const [removed] = replace && known ? await queries.query<{ count: number }>(REMOVE_ROWS, [origin]) : [];
      const [before] = known
        ? await queries.query<{ there: number; changed: number }>(CHANGE_ROWS, [origin])
        : [];
      const there = before?.there ?? 0;
      const changed = before?.changed ?? 0;
      if (there < rows) {
        await queries.script(CREATE_SERIES);
        await queries.query(addRows(there > 0), [origin]);
        await countAgain(queries, rows - there);
      }
      return {
        rows,
        new: rows - there,
        changed,
        unchanged: there - changed,
        removed: removed?.count ?? 0,
        series: staged?.series ?? 0,
        from: typeof staged?.first === "number" ? instant(staged.first) : null,
        to: typeof staged?.last === "number" ? instant(staged.last) : null,
      };
    },

    /** Notes that a file with this content was imported. Returns when it was before, ISO; null: never. */
    async note(origin: string, fileName: string, sha256: string, rows: number): Promise<string | null> {
      const [before] = await queries.query<{ ms: number }>(
        `select (extract(epoch from i.imported_at) * 1000)::float8 as ms
         from usage_import i join usage_origin o using (origin_id) where o.origin = $1 and i.sha256 = $2`,
        [origin, sha256],
      );
      await queries.query(
        `insert into usage_import (origin_id, file_name, sha256, rows)
         select origin_id, $2, $3, $4::bigint from usage_origin where origin = $1
         on conflict (origin_id, sha256) do nothing`,
        [origin, fileName, sha256, rows],
      );
      return before === undefined ? null : new Date(before.ms).toISOString();
    },
  };
}

/** After many new rows: until PostgreSQL has counted the table it takes it for an empty one, and goes through all of it for each
 *  row that is looked for. It counts by itself a minute later, when the figures are being worked out. */
async function countAgain(queries: Queries, added: number): Promise<void> {
  const [table] = await queries.query<{ rows: number }>(
    "select reltuples::float8 as rows from pg_class where oid = 'usage_row'::regclass",
  );
  if (added > 1000 && added * 10 > (table?.rows ?? 0)) await queries.query("analyze usage_row");
}

async function hasRows(queries: Queries, origin: string): Promise<boolean> {
  const [row] = await queries.query<{ found: boolean }>(
    `select exists (select from usage_row where origin_id = (select origin_id from usage_origin where origin = $1)) as found`,
    [origin],
  );
  return row?.found ?? false;
}

/** Numbers of service, region and label set, in the order in which they come. */
function seriesNumbers() {
  const byService = new Map<string, Map<string, Map<Labels, number>>>();
  const byKey = new Map<string, number>();
  const setsOf = new Map<string, number>();
  return {
    numberOf({ service, region, labels }: UsageRow, fresh: object[]): number {
      const byRegion = byService.get(service) ?? new Map<string, Map<Labels, number>>();
      if (byRegion.size === 0) byService.set(service, byRegion);
      const byLabels = byRegion.get(region) ?? new Map<Labels, number>();
      if (byLabels.size === 0) byRegion.set(region, byLabels);
      const known = byLabels.get(labels);
      if (known !== undefined) return known;
      // Equal label sets are most often one object, but need not be.
      const key = JSON.stringify([service, region, labelsKey(labels)]);
      const number = byKey.get(key) ?? byKey.size + 1;
      if (number > byKey.size) {
        byKey.set(key, number);
        const sets = (setsOf.get(service) ?? 0) + 1;
        setsOf.set(service, sets);
        if (sets > MOST_SERIES_OF_A_SERVICE)
          throw new ConfigError(
            `Service ${service} has more than ${MOST_SERIES_OF_A_SERVICE} sets of labels in this file: a label that has a ` +
              "value for each request or machine makes as many lines of every report. Leave it out.",
          );
        fresh.push({ series: number, service, region, labels, labels_key: labelsKey(labels) });
      }
      byLabels.set(labels, number);
      return number;
    },
  };
}

/** An array of PostgreSQL as text: numbers and plain words need no quotes. */
const array = (values: readonly (number | string | null)[]): string =>
  `{${values.map((value) => value ?? "NULL").join(",")}}`;

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
