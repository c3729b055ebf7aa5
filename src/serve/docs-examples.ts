import { OPERATIONS, type Operation, type OperationId } from "../api/operations.ts";

interface Shown {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly "x-scope": string;
}

const exampleOf = ({ operationId }: Shown): NonNullable<Operation["example"]> => {
  const operation: Operation = OPERATIONS[operationId as OperationId];
  return operation.example ?? {};
};

/** A request for a shell. */
export function curlExample(shown: Shown): string {
  const { params = {}, query = {}, body } = exampleOf(shown);
  const path = shown.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? name));
  const search = new URLSearchParams(query).toString();
  const lines = [
    `curl ${shown.method === "post" ? "-X POST " : ""}"http://127.0.0.1:8080${path}${search === "" ? "" : `?${search}`}"`,
    ...(shown["x-scope"] === "public" ? [] : [`-H "Authorization: Bearer $CO2E_API_KEY"`]),
    ...(body === undefined ? [] : [`-H "Content-Type: application/json"`, `-d '${JSON.stringify(body)}'`]),
  ];
  return lines.join(" \\\n  ");
}

/** The same with the client of this package. */
export function clientExample(shown: Shown): string {
  const { params, query = {}, body } = exampleOf(shown);
  const known: Operation = OPERATIONS[shown.operationId as OperationId];
  const values = Object.entries(query).map(([name, value]) => [
    name,
    known.query[name]?.isRepeated ? [value] : value,
  ]);
  const given = { ...params, ...Object.fromEntries(values), ...(body === undefined ? {} : { body }) };
  const input = Object.keys(given).length === 0 ? "" : literal(given);
  return `const answer = await client.${shown.operationId}(${input});`;
}

/** As it is written in TypeScript: names without quotes where they need none. */
const literal = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/^(\s*)"(\w+)":/gm, "$1$2:");
