import type { FastifyInstance } from "fastify";
import type { Metrics } from "../metrics/metrics.ts";

/** GET /metrics, and the times of all requests. To be called before routes are registered within plugins, so that these are
 *  timed, too. */
export function metricsRoute(
  server: FastifyInstance,
  metrics: Pick<Metrics, "contentType" | "text" | "observeRequest">,
): void {
  server.addHook("onResponse", (request, reply, done) => {
    metrics.observeRequest({
      // What a client asked for must not become a label.
      route: request.routeOptions.url ?? "other",
      method: request.method,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    });
    done();
  });
  server.get("/metrics", { config: { scope: "read" } }, async (_, reply) =>
    reply
      .type(metrics.contentType)
      .header("cache-control", "no-store")
      .send(await metrics.text()),
  );
}
