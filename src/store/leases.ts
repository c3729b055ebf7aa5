import type { Queries } from "./database.ts";

/** `lease`: who may do a piece of work now, for how long. By the clock of the database, so the clocks of the processes
 *  do not matter. */
export type Leases = ReturnType<typeof leasesTable>;

export function leasesTable(queries: Queries) {
  return {
    /** Takes or renews the lease for `seconds`. Null: another holder has it. The token grows when the holder changes,
     *  so whoever has a smaller one knows that the lease was lost meanwhile. A holder's name must be new at each start
     *  of its process. */
    async acquire(name: string, holder: string, seconds: number): Promise<number | null> {
      const [lease] = await queries.query<{ token: number }>(
        `insert into lease (name, holder, token, expires_at)
         values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3::float8))
         on conflict (name) do update set
           holder = excluded.holder, token = lease.token + (lease.holder <> excluded.holder)::int,
           expires_at = excluded.expires_at
         where lease.expires_at < clock_timestamp() or lease.holder = excluded.holder
         returning token::float8 as token`,
        [name, holder, seconds],
      );
      return lease?.token ?? null;
    },

    /** Gives the lease back, if `holder` has it. The row stays: its token must not begin again at 1. */
    async release(name: string, holder: string): Promise<void> {
      await queries.query("update lease set expires_at = '-infinity' where name = $1 and holder = $2", [
        name,
        holder,
      ]);
    },

    /** For the moment when the embedded database is opened: its directory has one process, and a lease that is still
     *  there was left by one that is gone. */
    async releaseAll(): Promise<void> {
      await queries.query("update lease set expires_at = '-infinity' where expires_at > '-infinity'");
    },
  };
}
