import type { FastifyInstance, InjectOptions } from "fastify";

/** `fetch` that asks a server without a network. */
export const inServer =
  (server: FastifyInstance): typeof globalThis.fetch =>
  async (input, init) => {
    const url = new URL(String(input));
    const answer = await server.inject({
      method: init?.method ?? "GET",
      url: `${url.pathname}${url.search}`,
      headers: init?.headers as Record<string, string>,
      ...(init?.body == null ? {} : { payload: String(init.body) }),
    } as InjectOptions);
    const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    return new Response([204, 304].includes(answer.statusCode) ? null : answer.body, {
      status: answer.statusCode,
      headers,
    });
  };
