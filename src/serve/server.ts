import { STATUS_CODES } from "node:http";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { openApiDocument } from "../api/openapi.ts";
import { OPERATION_IDS, OPERATIONS } from "../api/operations.ts";
import { docsRoutes } from "./docs-routes.ts";
import { handbookRoutes } from "./handbook-routes.ts";
import { addOperation, type Handler, type Handlers, routePath } from "./operation-route.ts";
import { ApiProblem, problemBody, sendProblem } from "./problem.ts";
import { emissionRoutes } from "./routes/emissions.ts";
import { ingestionRoutes } from "./routes/ingestion.ts";
import { intensityRoutes } from "./routes/intensity.ts";
import { serviceRoutes } from "./routes/service.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { usageRoutes } from "./routes/usage.ts";
import type { ServeParts, ServeSettings } from "./serve-parts.ts";

const BODY_LIMIT_BYTES = 5 * 1024 * 1024;
/** For a request to arrive whole. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Of a connection on which nothing happens; a report of years takes less. */
const CONNECTION_TIMEOUT_MS = 120_000;

/** The HTTP API. It does not listen yet. */
export function createServer(parts: ServeParts, settings: ServeSettings): FastifyInstance {
  const { log } = parts;
  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, error, { method: request.method, path: pathOf(request) }, log);
    },
    clientErrorHandler(error, socket) {
      if (!socket.writable || error.code === "ECONNRESET") return;
      const name =
        error.code === "HPE_HEADER_OVERFLOW"
          ? "uri-too-long"
          : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
            ? "timeout"
            : "invalid-request";
      const body = problemBody(name, { detail: "The request is no HTTP that this server reads." });
      const text = JSON.stringify(body);
      socket.end(
        `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}\r\nContent-Type: application/problem+json\r\n` +
          `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
      );
    },
  });
  server.setErrorHandler((error, request, reply) =>
    sendProblem(reply, error, { method: request.method, path: pathOf(request) }, log),
  );
  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const problem = new ApiProblem("not-found", `There is nothing at ${path}. GET /docs says what there is.`);
    return sendProblem(reply, problem, { method: request.method, path }, log);
  });
  parts.access?.(server);
  const document = openApiDocument(parts.version);
  const handlers: Handlers = {
    ...serviceRoutes(parts, document),
    ...intensityRoutes(parts, settings),
    ...settingsRoutes(parts, settings),
    ...usageRoutes(parts, settings),
    ...emissionRoutes(parts, settings),
    ...ingestionRoutes(parts, settings),
  };
  // Within a plugin of their own, so that hooks of plugins that access registers come before them.
  server.register((routes, _, done) => {
    for (const id of OPERATION_IDS) addOperation(routes, id, handlers[id] as Handler<typeof id>);
    docsRoutes(routes, document);
    handbookRoutes(routes);
    addOtherMethods(routes);
    for (const add of parts.routes ?? []) add(routes);
    done();
  });
  return server;
}

/** 405 for methods that a path does not take, and the list of those that it takes for OPTIONS. */
function addOtherMethods(server: FastifyInstance): void {
  const byPath = new Map<string, string[]>();
  for (const id of OPERATION_IDS) {
    const { path, method } = OPERATIONS[id];
    byPath.set(path, [...(byPath.get(path) ?? []), method]);
  }
  for (const [path, methods] of byPath) {
    const taken = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
    const allow = taken.join(", ");
    const url = routePath(path);
    server.options(url, { config: { scope: "public" } }, (_, reply) =>
      reply.code(204).header("allow", allow).send(),
    );
    server.route({
      method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].filter((method) => !taken.includes(method)),
      url,
      config: { scope: "public" },
      handler: (request) => {
        const detail = `${path} does not take ${request.method}; it takes ${allow}.`;
        throw new ApiProblem("method-not-allowed", detail, { headers: { allow } });
      },
    });
  }
}

/** Without the query: it may hold what somebody should not have put there. */
const pathOf = (request: FastifyRequest): string => {
  const path = request.url.split("?", 1)[0] ?? "/";
  return path.length <= 300 ? path : `${path.slice(0, 300)}…`;
};
