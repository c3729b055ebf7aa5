/** Where this server explains the types of problems. The addresses are names, too, and stay as they are. */
export const PROBLEM_BASE = "/docs#problem-";

export interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for the documentation. */
  readonly about: string;
}

/** Every type of problem that an answer can have, by the last part of its address. */
export const PROBLEM_TYPES = {
  "invalid-request": {
    status: 400,
    title: "Invalid request",
    about:
      "A parameter is wrong, missing or not known, or the body is no JSON. `errors` names each with what is wrong.",
  },
  "invalid-cursor": {
    status: 400,
    title: "Invalid cursor",
    about: "The cursor was not given by this operation for these parameters. Begin without one.",
  },
  unauthorised: {
    status: 401,
    title: "Not authorised",
    about:
      "The key is missing, unknown, expired or revoked. Send it as `Authorization: Bearer` or `X-API-Key`.",
  },
  forbidden: {
    status: 403,
    title: "Forbidden",
    about:
      "The key does not have the scope that the operation needs, or the request comes from a foreign page.",
  },
  "not-found": { status: 404, title: "Not found", about: "There is nothing at this path." },
  "region-not-found": {
    status: 404,
    title: "Region not found",
    about: "No configured region has this name. GET /v1/regions lists them.",
  },
  "job-not-found": {
    status: 404,
    title: "Job not found",
    about: "No job has this name. GET /v1/jobs lists them.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    about: "The path exists and does not take this method. `Allow` names those that it takes.",
  },
  timeout: { status: 408, title: "Request timeout", about: "The request did not arrive in time." },
  refused: {
    status: 409,
    title: "Refused",
    about:
      "The request is understood, and a rule refuses it: a job that is running already, a figure that is not there.",
  },
  "too-large": { status: 413, title: "Too large", about: "The body is larger than 5 MB. Send it in parts." },
  "uri-too-long": {
    status: 414,
    title: "Address too long",
    about: "The address or its headers are too long.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    about: "The body must be JSON, with Content-Type: application/json.",
  },
  "misdirected-request": {
    status: 421,
    title: "Misdirected request",
    about: "The request names a host that this server does not answer for.",
  },
  unprocessable: {
    status: 422,
    title: "Not usable",
    about:
      "The request is well formed, and what it says cannot be used. `errors` names each problem; nothing was kept.",
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests",
    about: "The key has sent more requests than its limit. `Retry-After` says how long to wait, in seconds.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    about: "A fault of the program. Its log has the error under the `id` of the answer.",
  },
  "not-implemented": { status: 501, title: "Not implemented", about: "This program does not offer that." },
  "store-unavailable": {
    status: 503,
    title: "Store not available",
    about: "The database does not answer or refuses. `Retry-After` says when to try again, in seconds.",
  },
  "not-ready": {
    status: 503,
    title: "Not ready",
    about: "The service runs and cannot answer well: `errors` says what is wrong.",
  },
} as const satisfies Readonly<Record<string, ProblemType>>;

export type ProblemName = keyof typeof PROBLEM_TYPES;

/** An answer of application/problem+json, RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  /** Of a fault of the program: what its log names it. */
  readonly id?: string;
  readonly errors?: readonly ProblemDetail[];
}

export interface ProblemDetail {
  /** The parameter, or the member of the body; absent where the problem is of the request as a whole. */
  readonly name?: string;
  /** Position in the array of the body, from 0. */
  readonly index?: number;
  readonly reason: string;
}
