import { randomUUID } from "node:crypto";
import type { FastifyReply } from "fastify";
import {
  PROBLEM_BASE,
  PROBLEM_TYPES,
  type Problem,
  type ProblemDetail,
  type ProblemName,
} from "../api/problems.ts";
import { ConfigError, RefusedError, StoreError } from "../core/errors.ts";
import type { Log } from "../flows/parts.ts";

/** Ends a request with a problem of one of the types. */
export class ApiProblem extends Error {
  readonly problem: ProblemName;
  readonly errors: readonly ProblemDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    problem: ProblemName,
    detail: string,
    more: {
      readonly errors?: readonly ProblemDetail[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.name = "ApiProblem";
    this.problem = problem;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

interface FastifyFault {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
}

/** Faults of Fastify and its plugins by their status. */
const BY_STATUS: Readonly<Record<number, ProblemName>> = {
  400: "invalid-request",
  401: "unauthorised",
  403: "forbidden",
  404: "not-found",
  405: "method-not-allowed",
  408: "timeout",
  413: "too-large",
  414: "uri-too-long",
  415: "unsupported-media-type",
  421: "misdirected-request",
  429: "too-many-requests",
};

/** Seconds after which a store that does not answer is worth another request. */
const RETRY_AFTER_S = 10;

/** The problem that a fault is answered with. What a request got wrong is said; of a fault of the program only its number, under
 *  which the log has it. */
export function toApiProblem(error: unknown, changesSomething: boolean): ApiProblem | undefined {
  if (error instanceof ApiProblem) return error;
  if (error instanceof ConfigError)
    return new ApiProblem(changesSomething ? "unprocessable" : "invalid-request", error.message, {
      errors: error.problems.map((reason) => ({ reason })),
    });
  if (error instanceof RefusedError) return new ApiProblem("refused", error.message);
  if (error instanceof StoreError && error.kind === "mixed-data")
    return new ApiProblem("refused", error.message);
  if (error instanceof StoreError)
    return new ApiProblem("store-unavailable", "The database does not answer, or refuses.", {
      headers: { "retry-after": String(RETRY_AFTER_S) },
    });
  const { statusCode = 500, message } = error as FastifyFault;
  const name = BY_STATUS[statusCode];
  return name === undefined ? undefined : new ApiProblem(name, message);
}

/** The body of a problem. */
export function problemBody(name: ProblemName, more: Omit<Problem, "type" | "title" | "status">): Problem {
  const { title, status } = PROBLEM_TYPES[name];
  return { type: `${PROBLEM_BASE}${name}`, title, status, ...more };
}

/** Answers with what went wrong. Faults of the program, and of the store, are logged under a number. */
export function sendProblem(
  reply: FastifyReply,
  error: unknown,
  request: { readonly method: string; readonly path: string },
  log: Log,
): FastifyReply {
  const known = toApiProblem(error, request.method === "POST");
  const instance = request.path;
  const isFault = known === undefined || error instanceof StoreError;
  const id = isFault ? randomUUID() : undefined;
  if (isFault)
    log.error(
      {
        id,
        method: request.method,
        path: instance,
        error: error instanceof Error ? error.message : String(error),
        ...(known === undefined && error instanceof Error ? { stack: error.stack } : {}),
      },
      "request-failed",
    );
  const name = known?.problem ?? "internal";
  const body = problemBody(name, {
    ...(known === undefined || known.message === "" ? {} : { detail: known.message }),
    instance,
    ...(id === undefined ? {} : { id }),
    ...(known?.errors === undefined ? {} : { errors: known.errors }),
  });
  return reply
    .code(body.status)
    .headers(known?.headers ?? {})
    .header("cache-control", "no-store")
    .removeHeader("etag")
    .type("application/problem+json")
    .send(JSON.stringify(body));
}
