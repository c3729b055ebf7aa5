import { RefusedError } from "../core/errors.ts";
import type { Queries } from "./database.ts";

/** What holds for all figures of a store: `co2e_store`. */
export interface StoredAccounting {
  /** Time zone of the days of all figures; null: nothing was worked out yet. */
  readonly timeZone: string | null;
  /** Of all costs; null: no cost was recorded yet. */
  readonly currency: string | null;
  readonly factorSetId: number | null;
}

export type Accounting = ReturnType<typeof accountingTable>;

export function accountingTable(queries: Queries) {
  return {
    async read(): Promise<StoredAccounting> {
      const [row] = await queries.query<{ zone: string | null; currency: string | null; id: number | null }>(
        "select accounting_time_zone as zone, currency, factor_set_id as id from co2e_store",
      );
      return { timeZone: row?.zone ?? null, currency: row?.currency ?? null, factorSetId: row?.id ?? null };
    },

    /** Held until the transaction ends: of two processes with other settings one goes after the other. */
    async lock(): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20148, 0)");
      await queries.query(
        "insert into co2e_store (only_row) values (true) on conflict (only_row) do nothing",
      );
    },

    async setTimeZone(timeZone: string): Promise<void> {
      await queries.query("update co2e_store set accounting_time_zone = $1", [timeZone]);
    },

    async setFactorSet(factorSetId: number): Promise<void> {
      await queries.query("update co2e_store set factor_set_id = $1::int", [factorSetId]);
    },
  };
}

/** Costs of a store are in one currency: the first that is configured when a cost is recorded. Throws RefusedError without
 *  one, and for another one later. */
export async function useCurrency(queries: Queries, configured: string | null): Promise<void> {
  const { currency } = await accountingTable(queries).read();
  if (currency === null && configured === null)
    throw new RefusedError(
      "Not recorded: a row states a cost, and no currency is set. Say in co2e.yaml which one all costs are in, for " +
        "example currency: EUR.",
    );
  if (currency !== null && configured !== null && currency !== configured)
    throw new RefusedError(
      `Not recorded: costs in this store are in ${currency}, and co2e.yaml says ${configured}. Amounts are not ` +
        `converted: convert them, and set currency: ${currency}.`,
    );
  if (currency !== null) return;
  await queries.query("insert into co2e_store (only_row) values (true) on conflict (only_row) do nothing");
  await queries.query("update co2e_store set currency = $1 where currency is null", [configured]);
}
