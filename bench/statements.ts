import pg from "pg";

/** By statement: how often it was sent, and for how many seconds callers waited for it. */
export type StatementTimes = readonly (readonly [text: string, count: number, seconds: number])[];

const times = new Map<string, [number, number]>();

/** From now on notes how long the statements of PostgreSQL take, as callers see it. */
export function timeStatements(): void {
  type Query = (this: pg.Client, ...args: unknown[]) => unknown;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  prototype.query = function timed(...args) {
    const startedMs = performance.now();
    const [first] = args as [string | { readonly text?: string }];
    const text = String(typeof first === "string" ? first : first.text)
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 80);
    const note = (): void => {
      const [count, ms] = times.get(text) ?? [0, 0];
      times.set(text, [count + 1, ms + performance.now() - startedMs]);
    };
    // A pool asks with a callback, a client of ours with a promise.
    const callback = args.at(-1);
    if (typeof callback === "function")
      args[args.length - 1] = (...answer: unknown[]) => {
        note();
        callback(...answer);
      };
    const answer = query.apply(this, args);
    // A stream of COPY is neither.
    if (answer instanceof Promise) answer.then(note, note);
    return answer;
  };
}

/** The longest first, and forgotten. */
export function takeStatementTimes(): StatementTimes {
  const list = [...times].map(([text, [count, ms]]) => [text, count, Math.round(ms / 10) / 100] as const);
  times.clear();
  return list.sort((a, b) => b[2] - a[2]);
}

export function showStatementTimes(list: StatementTimes): void {
  for (const [text, count, seconds] of list.slice(0, 14))
    console.log(`    ${seconds.toFixed(2).padStart(8)} s ${String(count).padStart(6)} × ${text}`);
}
