import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { wrongWithBody } from "../../test/campaign/api-requests.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATION_IDS, OPERATIONS, type Operation } from "./operations.ts";
import { readParameters } from "./parameters.ts";
import { PROBLEM_TYPES } from "./problems.ts";
import { clientContract } from "./typescript.ts";

const document = openApiDocument("0.2.0");
const documented = (id: (typeof OPERATION_IDS)[number]) => {
  const { path, method } = OPERATIONS[id];
  const found = document.paths[path]?.[method.toLowerCase()];
  if (!found) throw new Error(`${id} is not documented`);
  return found;
};

describe.each(OPERATION_IDS)("%s", (id) => {
  const operation: Operation = OPERATIONS[id];

  it("has an example of a request that is one", () => {
    const { params = {}, query = {}, body } = operation.example ?? {};
    expect(readParameters(operation.params, params).problems).toEqual([]);
    expect(readParameters(operation.query, query).problems).toEqual([]);
    if (operation.body !== null) expect(v.safeParse(operation.body, body).issues).toBe(undefined);
    for (const [name, { example }] of Object.entries({ ...operation.params, ...operation.query }))
      if (example !== undefined)
        expect(
          readParameters(
            { [name]: { ...operation.params, ...operation.query }[name] as never },
            { [name]: example },
          ).problems,
        ).toEqual([]);
  });

  it("has an example of an answer that is one", () => {
    const example = documented(id).responses["200"]?.content?.["application/json"]?.example;
    expect(wrongWithBody(id, example)).toBe(null);
  });

  it("says which parameters and problems there are", () => {
    const { parameters, responses } = documented(id);
    const names = [...Object.keys(operation.params), ...Object.keys(operation.query)];
    expect(parameters.map(({ name }) => name)).toEqual(names);
    for (const name of operation.problems) expect(responses[PROBLEM_TYPES[name].status]).toBeDefined();
    for (const [, name] of operation.path.matchAll(/\{(\w+)\}/g))
      expect(operation.params).toHaveProperty(name ?? "");
  });
});

it("every reference of the document leads to a schema", () => {
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g))
    expect(document.components.schemas).toHaveProperty(name ?? "");
});

it("units stand in the names of amounts: no member is a bare value, amount of something or duration", () => {
  const members = [
    ...JSON.stringify(document.components.schemas).matchAll(/"(\w+)":\{"type":"(?:number|integer)"/g),
  ];
  const names = new Set(members.map(([, name]) => name ?? ""));
  expect(
    [...names].filter((name) => /^(value|rating|duration|intensity|emissions|energy)$/.test(name)),
  ).toEqual([]);
});

it("the client's contract is made of the table as it is: else run npm run api:client", () => {
  const bare = (text: string): string => text.replace(/[\s;,()|"]|\/\*\*|\*\/|(?<=\s)\*/g, "");
  const written = readFileSync(new URL("../client/contract.ts", import.meta.url), "utf8");
  expect(bare(written)).toBe(bare(clientContract(document)));
});
