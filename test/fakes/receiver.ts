import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A message as a channel received it. */
export interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** "hang": takes the message and never answers. "reset": takes the message and breaks the connection, so that the sender
 *  cannot know. */
type Fault = Reply | "hang" | "reset";

/** What stands at the other end of a channel: an HTTP server that takes posts, and misbehaves when told to. */
export interface Receiver {
  readonly url: string;
  /** Every post in order of arrival, those hit by a fault too. */
  readonly posts: Posted[];
  /** What happens to the next `times` posts instead of the right answer. */
  misbehave(fault: Fault, times?: number): void;
  /** Called once, when the next post has arrived. */
  onPost(listener: () => void): void;
  close(): Promise<void>;
}

export async function startReceiver(answer: (post: Posted) => Reply): Promise<Receiver> {
  const posts: Posted[] = [];
  const faults: Fault[] = [];
  const listeners: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    void readBody(incoming).then((body) => {
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, `${value}`]),
      );
      const post = { path: incoming.url ?? "/", headers, body };
      posts.push(post);
      listeners.shift()?.();
      const fault = faults.shift();
      if (fault === "hang") return;
      if (fault === "reset") response.socket?.resetAndDestroy();
      else send(response, fault ?? answer(post));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    misbehave(fault, times = 1) {
      faults.push(...Array.from({ length: times }, () => fault));
    },
    onPost: (listener) => void listeners.push(listener),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { "content-type": "text/plain", ...headers });
  response.end(body);
}
