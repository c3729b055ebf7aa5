/** Faults of the product, told apart by what a person does about them. The CLI maps them to exit codes. */

/** Arguments or settings are wrong. `problems` names every one found, not just the first. Exit code 1. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: string | readonly string[]) {
    const list = typeof problems === "string" ? [problems] : problems;
    super(list.join("\n"));
    this.name = "ConfigError";
    this.problems = list;
  }
}

export type SourceErrorKind =
  /** The key or login was refused. */
  | "unauthorised"
  /** The key is good, but this zone or endpoint is not in its plan, or the source does not know the zone. */
  | "not-covered"
  /** The source knows the zone and has no recent data for it. */
  | "no-data"
  | "rate-limited"
  /** No answer in time, connection broken, or a 5xx. */
  | "unavailable"
  /** An answer that is not what the contract promises (HTML, cut JSON, another zone). */
  | "malformed"
  /** An answer for another zone than the one asked for. */
  | "wrong-zone"
  /** Our own count of requests says that the budget is spent: nothing was sent. */
  | "quota"
  /** Sandbox data, refused because it was not asked for. */
  | "sandbox"
  /** What was asked is refused as it stands: a query with a mistake, or one whose answer is too large. */
  | "refused";

/** A provider did not give what was asked. Never carries a key, a token or a URL with one. */
export class SourceError extends Error {
  readonly kind: SourceErrorKind;
  readonly source: string;
  readonly retryAfterMs: number | undefined;
  constructor(
    kind: SourceErrorKind,
    source: string,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "SourceError";
    this.kind = kind;
    this.source = source;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export type StoreErrorKind =
  | "unreachable"
  | "locked"
  | "schema-missing"
  | "schema-newer"
  | "failed"
  | "mixed-data";

/** The database could not be opened, read or written. Exit code 3. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind;
  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "StoreError";
    this.kind = kind;
  }
}

/** What was asked is understood and refused by a rule, for example a save that overlaps another. Exit code 75. */
export class RefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RefusedError";
  }
}
