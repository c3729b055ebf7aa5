/** Some records of a file that have the same columns, in the order of the file. */
export interface RecordBatch {
  /** Names of the columns, as the header or the keys give them: the same array as long as they are the same. */
  readonly columns: readonly string[];
  /** Whether every record of the file has these columns; else each has keys of its own. */
  readonly ofWholeFile: boolean;
  readonly records: readonly (readonly unknown[])[];
  /** Of each record: the number of the line that it begins in, from 1. For Parquet the number of the row. */
  readonly lines: readonly number[];
  /** Between the values of CSV; null: the file is no CSV. */
  readonly separator: string | null;
  /** Of each record as it is written, where that was asked for. */
  readonly texts: readonly string[] | null;
  /** Lines that are no records. */
  readonly broken: readonly BrokenLine[];
}

export interface BrokenLine {
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}
