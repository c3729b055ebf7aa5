import { type Operations, ROUTES } from "./contract.ts";

export type OperationId = keyof Operations;
/** What an operation takes: parameters by name, and `body` where it has one. */
export type Input<Id extends OperationId> = Operations[Id]["input"];
/** What an operation gives. */
export type Answer<Id extends OperationId> = Operations[Id]["answer"];

/** Operations whose answers are pages. */
export type PagedId = {
  [Id in OperationId]: Answer<Id> extends { readonly nextCursor: string | null } ? Id : never;
}[OperationId];

export interface ClientOptions {
  /** "http://127.0.0.1:8080" */
  readonly baseUrl: string;
  /** Without one: the server needs none. */
  readonly apiKey?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Of one request, its answer included; default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a GET that got no answer, or 429, 502, 503 or 504, is sent again; default 2. */
  readonly retries?: number | undefined;
  /** Waits between two of them; default: setTimeout. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

type Arguments<Id extends OperationId> = object extends Input<Id> ? [input?: Input<Id>] : [input: Input<Id>];

export type Client = {
  readonly [Id in OperationId]: (...given: Arguments<Id>) => Promise<Answer<Id>>;
} & {
  /** The pages of a list, one after the other: `for await (const page of client.pages("listEmissions", { … }))`. */
  pages<Id extends PagedId>(operation: Id, ...given: Arguments<Id>): AsyncGenerator<Answer<Id>, void>;
};

export interface ApiErrorDetail {
  /** The parameter, or the member of the body. */
  readonly name?: string;
  /** Position in the array of the body, from 0. */
  readonly index?: number;
  readonly reason: string;
}

/** What went wrong, as the server says it (RFC 9457), or that there was no answer. */
export class ApiError extends Error {
  /** Null: there was no answer in time. */
  readonly status: number | null;
  /** "/docs#problem-not-found"; "about:blank" where the answer is none of this API. */
  readonly type: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: readonly ApiErrorDetail[];
  /** Under which the log of the server has a fault of its own. */
  readonly id: string | undefined;
  constructor(
    status: number | null,
    problem: {
      readonly type?: string;
      readonly title?: string;
      readonly detail?: string | undefined;
      readonly errors?: readonly ApiErrorDetail[];
      readonly id?: string;
    },
    cause?: unknown,
  ) {
    const title = problem.title ?? (status === null ? "No answer" : `Status ${status}`);
    super(
      problem.detail === undefined ? title : `${title}: ${problem.detail}`,
      cause === undefined ? {} : { cause },
    );
    this.name = "ApiError";
    this.status = status;
    this.type = problem.type ?? "about:blank";
    this.title = title;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.id = problem.id;
  }
}

type Given = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly params: readonly string[];
  readonly query: readonly string[];
  readonly hasBody: boolean;
}

/** A client of the HTTP API, one method for each operation. */
export function createClient(options: ClientOptions): Client {
  const call = (id: OperationId, given: Given = {}): Promise<unknown> => send(options, ROUTES[id], given);
  async function* pages(id: OperationId, given: Given = {}): AsyncGenerator<unknown, void> {
    for (let cursor: unknown = given.cursor; ; ) {
      const page = (await call(id, { ...given, cursor })) as { readonly nextCursor: string | null };
      yield page;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }
  const methods = Object.keys(ROUTES).map((id) => [id, (given?: Given) => call(id as OperationId, given)]);
  return { ...Object.fromEntries(methods), pages } as Client;
}

const WORTH_ANOTHER = [429, 502, 503, 504];
const LONGEST_WAIT_MS = 30_000;

async function send(options: ClientOptions, route: Route, given: Given): Promise<unknown> {
  const { fetch = globalThis.fetch, timeoutMs = 30_000, retries = 2, sleep = wait } = options;
  const url = addressOf(options.baseUrl, route, given);
  for (let attempt = 0; ; attempt++) {
    const isLast = attempt >= retries || route.method !== "GET";
    let waitMs = 500 * 2 ** attempt;
    try {
      const answer = await fetch(url, requestOf(options, route, given, timeoutMs));
      if (answer.ok) return await answer.json();
      const error = new ApiError(answer.status, await problemOf(answer));
      if (isLast || !WORTH_ANOTHER.includes(answer.status)) throw error;
      const seconds = Number(answer.headers.get("retry-after"));
      if (seconds > 0) waitMs = Math.min(seconds * 1000, LONGEST_WAIT_MS);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (isLast)
        throw new ApiError(null, { detail: error instanceof Error ? error.message : String(error) }, error);
    }
    await sleep(waitMs);
  }
}

function addressOf(baseUrl: string, { path, params, query }: Route, given: Given): string {
  const filled = params.reduce(
    (text, name) => text.replace(`{${name}}`, encodeURIComponent(String(given[name]))),
    path,
  );
  const search = new URLSearchParams();
  for (const name of query) {
    const value = given[name];
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) search.append(name, String(one));
  }
  const text = search.toString();
  return `${baseUrl.replace(/\/+$/, "")}${filled}${text === "" ? "" : `?${text}`}`;
}

const requestOf = (
  { apiKey }: ClientOptions,
  { method, hasBody }: Route,
  given: Given,
  timeoutMs: number,
) => ({
  method,
  headers: {
    accept: "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...(hasBody ? { "content-type": "application/json" } : {}),
  },
  ...(hasBody ? { body: JSON.stringify(given.body) } : {}),
  signal: AbortSignal.timeout(timeoutMs),
});

async function problemOf(answer: Response): Promise<ConstructorParameters<typeof ApiError>[1]> {
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return {};
  try {
    return (await answer.json()) as ConstructorParameters<typeof ApiError>[1];
  } catch {
    return {};
  }
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
