import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as v from "valibot";
import {
  type AnswerOf,
  type BodyOf,
  OPERATIONS,
  type Operation,
  type OperationId,
  type ParamsOf,
  type QueryOf,
} from "../api/operations.ts";
import { type ParameterProblem, readParameters } from "../api/parameters.ts";
import type { ProblemDetail } from "../api/problems.ts";
import { changesBetween } from "../zones/similar-names.ts";
import { type Prepared, prepared, sendPrepared } from "./conditional.ts";
import { ApiProblem } from "./problem.ts";

/** A request as it was understood. */
export interface Input<Id extends OperationId> {
  readonly params: ParamsOf<Id>;
  readonly query: QueryOf<Id>;
  readonly body: BodyOf<Id>;
  /** Seconds that the answer may be kept without asking again. */
  keepFor(seconds: number): void;
}

/** A body that is made once and sent often, in the place of the answer. */
export class PreparedAnswer {
  readonly prepared: Prepared;
  constructor(answer: unknown) {
    this.prepared = prepared(answer);
  }
}

export type Handler<Id extends OperationId> = (
  input: Input<Id>,
) => AnswerOf<Id> | PreparedAnswer | Promise<AnswerOf<Id> | PreparedAnswer>;

export type Handlers = { readonly [Id in OperationId]: Handler<Id> };

/** "/v1/jobs/{job}/runs" → "/v1/jobs/:job/runs" */
export const routePath = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

/** Adds the route of an operation: reads the request, calls the handler, sends what it gives. */
export function addOperation<Id extends OperationId>(
  server: FastifyInstance,
  id: Id,
  handler: Handler<Id>,
): void {
  const operation: Operation = OPERATIONS[id];
  const isRead = operation.method === "GET";
  // A key may be needed for it, from one moment to the next: no cache that others share keeps it.
  const kept = operation.scope === "public" ? "public" : "private";
  const takesParameters = Object.keys(operation.params).length > 0;
  const send = (
    request: FastifyRequest,
    reply: FastifyReply,
    given: AnswerOf<Id> | PreparedAnswer,
    seconds: number | undefined,
  ): FastifyReply => {
    if (!isRead)
      return reply
        .header("cache-control", "no-store")
        .type("application/json; charset=utf-8")
        .send(JSON.stringify(given));
    reply.header(
      "cache-control",
      seconds === undefined ? `${kept}, no-cache` : `${kept}, max-age=${seconds}`,
    );
    return sendPrepared(request, reply, given instanceof PreparedAnswer ? given.prepared : prepared(given));
  };
  // No async function: what is in memory is answered without a promise, which is felt at thousands of requests a second.
  const answer = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | undefined => {
    let seconds: number | undefined;
    const input: Input<Id> = {
      params: (takesParameters ? read(operation.params, request.params) : NO_VALUES) as ParamsOf<Id>,
      query: read(operation.query, request.query) as QueryOf<Id>,
      body: (operation.body === null ? null : readBody(operation.body, request.body)) as BodyOf<Id>,
      keepFor(forSeconds) {
        seconds = forSeconds;
      },
    };
    const given = handler(input);
    if (given instanceof Promise) return given.then((later) => send(request, reply, later, seconds));
    send(request, reply, given, seconds);
    return undefined;
  };
  server.route({
    method: operation.method,
    url: routePath(operation.path),
    config: { scope: operation.scope, operationId: id },
    handler: answer,
  });
}

const NO_VALUES = {};

function read(parameters: Operation["query"], written: unknown): unknown {
  const given = (written ?? NO_VALUES) as Readonly<Record<string, unknown>>;
  if (isEmpty(parameters) && isEmpty(given)) return NO_VALUES;
  const { values, problems } = readParameters(parameters, given);
  if (problems.length === 0) return values;
  const names = Object.keys(parameters);
  const errors = problems.map(({ name, reason }) => ({
    name,
    reason: reason === "is not known" ? unknownName(name, names) : reason,
  }));
  throw new ApiProblem("invalid-request", sentence(errors), { errors });
}

function sentence(problems: readonly ParameterProblem[]): string {
  const said = problems.slice(0, 5).map(({ name, reason }) => `${name} ${reason}`);
  return said.join("; ").replace(/(?<![?.])$/, ".");
}

/** "is not known; did you mean period?" */
function unknownName(name: string, names: readonly string[]): string {
  const ranked = names
    .map((one) => ({ one, changes: changesBetween(name.slice(0, 40).toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.changes - b.changes);
  const [nearest] = ranked;
  if (nearest === undefined) return "is not known; this takes no parameters";
  return nearest.changes <= 3 && nearest.changes < nearest.one.length
    ? `is not known; did you mean ${nearest.one}?`
    : `is not known; known are ${names.join(", ")}`;
}

function readBody(schema: v.GenericSchema, body: unknown): unknown {
  if (body === undefined || body === null)
    throw new ApiProblem(
      "invalid-request",
      "The body is missing: send JSON with Content-Type: application/json.",
    );
  const read = v.safeParse(schema, body);
  if (read.success) return read.output;
  const errors = read.issues.slice(0, 1000).map(issueDetail);
  const first = errors[0];
  throw new ApiProblem(
    "unprocessable",
    `The body ${first === undefined ? "cannot be used" : `is not as documented: ${first.name ?? first.index ?? "it"} ${first.reason}`}.`,
    { errors },
  );
}

/** "must be >=0, and is -1" */
function reasonOf({ expected, received, message }: v.BaseIssue<unknown>): string {
  if (expected === null || expected === undefined) return message;
  return received === "undefined" ? "is missing" : `must be ${expected}, and is ${received}`;
}

function issueDetail(issue: v.BaseIssue<unknown>): ProblemDetail {
  const [first] = issue.path ?? [];
  const key = first?.key;
  return {
    ...(typeof key === "number" ? { index: key } : {}),
    ...(typeof key === "string" ? { name: key } : {}),
    reason: reasonOf(issue).replace(/\s+/g, " ").slice(0, 300),
  };
}

/** Without a list of keys: this is asked for each request. */
function isEmpty(members: Readonly<Record<string, unknown>>): boolean {
  for (const _ in members) return false;
  return true;
}
