import { createHash } from "node:crypto";
import type { Queries } from "./database.ts";

/** `factor_set`: everything besides usage and intensity that figures depend on, once for each content. Never changed. */
export type FactorSets = ReturnType<typeof factorSetsTable>;

export function factorSetsTable(queries: Queries) {
  return {
    /** The number of the set with this content; it is written when it is new. */
    async keep(body: object): Promise<number> {
      const text = canonicalJson(body);
      const sha256 = createHash("sha256").update(text).digest("hex");
      await queries.query(
        "insert into factor_set (sha256, body) values ($1, $2::jsonb) on conflict (sha256) do nothing",
        [sha256, text],
      );
      const [row] = await queries.query<{ id: number }>(
        "select factor_set_id as id from factor_set where sha256 = $1",
        [sha256],
      );
      return row?.id ?? 0;
    },

    /** The content as it was written, for whoever knows what it means; null: there is no such set. */
    async read(factorSetId: number): Promise<unknown> {
      const [row] = await queries.query<{ body: unknown }>(
        "select body from factor_set where factor_set_id = $1::int",
        [factorSetId],
      );
      return row?.body ?? null;
    },
  };
}

/** One text for one content, whatever the order of its keys: {"a":1,"b":[2]}. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(",")}}`;
}
