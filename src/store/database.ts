/** What the rest of `store/` needs of a database engine. One SQL text runs on both engines. */
export interface Queries {
  /** One statement. Parameters are strings, numbers, booleans and null; jsonb goes in as text. */
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** A script of several statements, without parameters. */
  script(text: string): Promise<void>;
}

export interface Database extends Queries {
  readonly engine: "PostgreSQL" | "PGlite";
  /** For messages: host and database name, or the data directory. Never a password. */
  readonly location: string;
  /** `work` on one connection, for scripts that begin and end their own transactions. */
  connection<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** All of `work` or nothing. PGlite has one connection: no network and no long computation inside. */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Rows as one JSON parameter for `jsonb_to_recordset($1::jsonb)`. */
export const jsonRows = (rows: readonly object[]): string => JSON.stringify(rows);

/** A column as one parameter, `$1::text::float8[]`: read several times as fast as JSON. Texts must be plain words. */
export const arrayText = (values: readonly (number | string | null)[]): string =>
  `{${values.map((value) => value ?? "null").join(",")}}`;

/** The same for any text. */
export const quotedArrayText = (values: readonly (string | null)[]): string =>
  arrayText(values.map((text) => (text === null ? null : `"${text.replace(/["\\]/g, "\\$&")}"`)));
