import { ConfigError } from "../core/errors.ts";
import type { BrokenLine, RecordBatch } from "./record-batch.ts";
import { textLines } from "./text-lines.ts";

// A reader of our own: each bad line is reported with its number and goes to a file as it is written, and a quote that is
// never closed must not swallow the lines after it. The CSV libraries that we looked at keep no text of a line, or end there.

/** Where values may go over lines at all, they go over so many; a quote that is open longer was never closed. */
const MOST_LINES_OF_A_RECORD = 100;

/** Records of CSV with a header: values between commas, semicolons or tabs, in quotes (RFC 4180) where needed. */
export async function* csvRecords(
  pieces: AsyncIterable<string>,
  name: string,
  options: CsvOptions,
): AsyncGenerator<RecordBatch> {
  const reader = csvReader(name, options);
  for await (const lines of textLines(pieces, name)) {
    for (const line of lines) reader.take(line);
    const batch = reader.batch();
    if (batch !== null) yield batch;
  }
  reader.end();
  const batch = reader.batch();
  if (batch !== null) yield batch;
}

export interface CsvOptions {
  readonly withTexts: boolean;
  /** Whether a value in quotes may go over lines. Where none does, a quote that is not closed harms its own line alone. */
  readonly lineBreaks: boolean;
}

function csvReader(name: string, { withTexts, lineBreaks }: CsvOptions) {
  const mostLines = lineBreaks ? MOST_LINES_OF_A_RECORD : 1;
  let columns: readonly string[] | undefined;
  let separator = ",";
  let lineNumber = 0;
  /** Lines of a record whose quote is still open. */
  let open: string[] = [];
  let records: (readonly string[])[] = [];
  let lines: number[] = [];
  let texts: string[] = [];
  let broken: BrokenLine[] = [];

  const keep = (cells: readonly string[], line: number, text: string): void => {
    if (columns === undefined) {
      columns = cells.map((cell) => cell.trim());
      return;
    }
    if (cells.length !== columns.length) {
      const count = `${cells.length} ${cells.length === 1 ? "value" : "values"}`;
      broken.push({ line, reason: `has ${count}, the header names ${columns.length} columns`, text });
      return;
    }
    records.push(cells);
    lines.push(line);
    if (withTexts) texts.push(text);
  };

  /** The lines from `open` on were no record: the first is broken, the others are looked at one by one. */
  const giveUp = (reason: string): void => {
    const [first = "", ...others] = open;
    broken.push({ line: lineNumber - others.length, reason, text: first });
    open = [];
    lineNumber -= others.length;
    for (const line of others) take(line);
  };

  const take = (text: string): void => {
    lineNumber++;
    if (open.length === 0) {
      if (text === "") return;
      if (columns === undefined) separator = separatorOf(text, name);
      if (!text.includes('"')) {
        keep(plainCells(text, separator, columns?.length ?? 0), lineNumber, text);
        return;
      }
    }
    open.push(text);
    const whole = open.length === 1 ? text : open.join("\n");
    const cells = quotedCells(whole, separator);
    if (cells === "open") {
      if (open.length >= mostLines) giveUp("a quote is not closed");
    } else if (cells === "stray") giveUp("a value goes on after its closing quote");
    else if (open.length > 1 && cells.length !== columns?.length) giveUp("a quote is not closed");
    else {
      const line = lineNumber - open.length + 1;
      open = [];
      keep(cells, line, whole);
    }
  };

  return {
    take,
    end(): void {
      while (open.length > 0) giveUp("a quote is not closed");
      if (columns === undefined) throw new ConfigError(`${name} is empty: it has not even a header.`);
    },
    batch(): RecordBatch | null {
      if (columns === undefined || (records.length === 0 && broken.length === 0)) return null;
      const batch = {
        columns,
        ofWholeFile: true,
        separator,
        records,
        lines,
        texts: withTexts ? texts : null,
        broken,
      };
      records = [];
      lines = [];
      texts = [];
      broken = [];
      return batch;
    },
  };
}

function separatorOf(header: string, name: string): string {
  if (/^\s*[[{]/.test(header)) throw new ConfigError(`${name} looks like JSON: say --format jsonl.`);
  return [",", ";", "\t"].find((candidate) => header.includes(candidate)) ?? ",";
}

/** What `text.split(separator)` gives, in half of the time: the list is made as long as it will be. */
function plainCells(text: string, separator: string, expected: number): string[] {
  const cells = new Array<string>(expected);
  let count = 0;
  let at = 0;
  for (let end = text.indexOf(separator); end >= 0; end = text.indexOf(separator, at)) {
    cells[count++] = text.slice(at, end);
    at = end + 1;
  }
  cells[count++] = text.slice(at);
  if (count < expected) cells.length = count;
  return cells;
}

/** "open": the last quote has no end yet; "stray": there is text between a closing quote and the next separator. */
function quotedCells(text: string, separator: string): string[] | "open" | "stray" {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let cell = "";
      let from = at + 1;
      for (;;) {
        const end = text.indexOf('"', from);
        if (end < 0) return "open";
        cell += text.slice(from, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        from = at + 1;
      }
      cells.push(cell);
      if (at >= text.length) return cells;
      if (text[at] !== separator) return "stray";
      at++;
      continue;
    }
    const end = text.indexOf(separator, at);
    cells.push(end < 0 ? text.slice(at) : text.slice(at, end));
    if (end < 0) return cells;
    at = end + 1;
  }
}
