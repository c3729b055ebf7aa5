import { ConfigError } from "../core/errors.ts";
import type { Dimension } from "../emissions/report/grouping.ts";

/** What the lines of a report are of, as `--by` names it. */
export async function dimensionsOf(names: readonly string[]): Promise<Dimension[]> {
  const { dimensionOf, DIMENSIONS_HELP } = await import("../emissions/report/grouping.ts");
  if (names.length > 2) throw new ConfigError(`--by is given ${names.length} times: twice at most.`);
  if (new Set(names).size < names.length) throw new ConfigError(`--by ${names[0]} is given twice.`);
  return names.map((name) => {
    const dimension = dimensionOf(name);
    if (dimension !== undefined) return dimension;
    throw new ConfigError(`--by ${name} is not known: use ${DIMENSIONS_HELP}.`);
  });
}
