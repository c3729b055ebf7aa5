import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { IngestResult } from "../flows/grid/ingest-result.ts";
import type { ServedAnswer, ServedQuery } from "../store/served-database.ts";

export interface LocalParts {
  /** Of the file in the data directory: whoever may read that file may read the database beside it. */
  readonly token: string;
  readonly answer: (query: ServedQuery) => Promise<ServedAnswer>;
  readonly ingest: (request: LocalIngest) => Promise<IngestResult>;
}

/** What `co2e ingest` was told. */
export interface LocalIngest {
  /** Null: all that are configured. */
  readonly regions: readonly string[] | null;
  /** Null: as configured. */
  readonly lookBackHours: number | null;
}

const TOKEN_HEADER = "x-co2e-local-token";

/** For the commands of this machine while the service holds the embedded store. Not a part of the API. */
export function localRoutes(server: FastifyInstance, { token, answer, ingest }: LocalParts): void {
  const isOurs = (given: unknown): boolean => {
    const expected = Buffer.from(token);
    const actual = Buffer.from(typeof given === "string" ? given : "");
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  };
  // "public": the token stands in for a key, and is looked at here.
  const route = { config: { scope: "public" } } as const;
  server.post<{ Body: ServedQuery }>("/local/query", route, async (request, reply) => {
    if (!isOurs(request.headers[TOKEN_HEADER])) return reply.code(404).send();
    return answer(request.body);
  });
  server.post<{ Body: LocalIngest }>("/local/ingest", route, async (request, reply) => {
    if (!isOurs(request.headers[TOKEN_HEADER])) return reply.code(404).send();
    return ingest(request.body);
  });
}
