import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../flows/parts.ts";
import { ApiProblem } from "../problem.ts";
import { averageRoutes, byLocationRoutes, type EmissionsParts } from "./emissions-routes.ts";
import { INTERNAL_ERROR, type ProblemDetails, RequestFault, unsupportedMediaType } from "./faults.ts";
import { forecastRoutes } from "./forecast-routes.ts";
import { locationMap } from "./locations.ts";

export interface CarbonAwareParts extends EmissionsParts {
  readonly log: Log;
}

const BODY_TYPES = /^(application\/([\w.+-]+\+)?json|text\/json)\s*(;|$)/i;

/** The calls of the Carbon Aware SDK WebAPI of the Green Software Foundation, at its paths and in its shapes, from our store.
 *  Bodies and errors of these paths are read and written as there; the rest of the server keeps its own ways. */
export function carbonAwareRoutes(server: FastifyInstance, parts: CarbonAwareParts): void {
  void server.register((scope, _, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      BODY_TYPES,
      { parseAs: "string" },
      async (_: FastifyRequest, text: string) => text,
    );
    scope.setErrorHandler((error, _, reply) => answerFault(error, reply, parts.log));
    byLocationRoutes(scope, parts);
    averageRoutes(scope, parts);
    forecastRoutes(scope, parts);
    scope.get("/locations", { config: { scope: "read" } }, async (_, reply) =>
      parts.regions.length === 0 ? reply.code(204).send() : locationMap(parts.regions),
    );
    scope.get("/health", { config: { scope: "public" } }, async (_, reply) =>
      reply.header("cache-control", "no-store").type("text/plain").send("Healthy"),
    );
    done();
  });
}

function answerFault(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  if (error instanceof RequestFault) return answerProblem(reply, error.problem);
  const { code, statusCode = 500, message } = error as Partial<Error & { code: string; statusCode: number }>;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return answerProblem(reply, unsupportedMediaType().problem);
  // Access, and limits of size and rate: in the server's own words, by its own handler.
  if (error instanceof ApiProblem || (statusCode >= 400 && statusCode < 500)) throw error;
  log.error({ error: message ?? String(error) }, "carbon-aware-call-failed");
  return answerProblem(reply, INTERNAL_ERROR);
}

const answerProblem = (reply: FastifyReply, details: ProblemDetails): FastifyReply =>
  reply.code(details.status).type("application/problem+json").send(details);
