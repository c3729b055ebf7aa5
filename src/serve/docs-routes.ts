import type { FastifyInstance } from "fastify";
import type { OpenApiDocument } from "../api/openapi.ts";
import { etagOf, type Prepared, sendPrepared } from "./conditional.ts";
import { docsPage } from "./docs-page.ts";
import { DOCS_STYLE } from "./docs-style.ts";

/** /docs: the description of the API, for people. Made when it is first asked for. */
export function docsRoutes(server: FastifyInstance, document: OpenApiDocument): void {
  let page: Prepared | undefined;
  const style = { text: DOCS_STYLE, etag: etagOf(DOCS_STYLE) };
  const route = { config: { scope: "public", isPage: true } } as const;
  server.get("/docs", route, (request, reply) => {
    if (page === undefined) {
      const text = docsPage(document);
      page = { text, etag: etagOf(text) };
    }
    reply.header("cache-control", "public, no-cache");
    return sendPrepared(request, reply, page, "text/html; charset=utf-8");
  });
  server.get("/docs/style.css", route, (request, reply) => {
    reply.header("cache-control", "public, max-age=3600");
    return sendPrepared(request, reply, style, "text/css; charset=utf-8");
  });
}
