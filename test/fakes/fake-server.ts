import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the fake saw it. Header names are lower case; `atMs` is by the fake's clock. */
export interface RecordedRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  atMs: number;
}

/** What a fake provider answers when no fault interferes. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Something that goes wrong between the provider and its caller. */
export type Fault =
  /** This status instead of the right answer; the body is empty unless given. */
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string> }
  /** The right answer, late. */
  | { kind: "slow"; delayMs: number }
  /** Never answers. */
  | { kind: "hang" }
  /** Headers and half of the right body, then nothing. */
  | { kind: "stall-body" }
  /** 200 with the HTML page of a gateway. */
  | { kind: "html" }
  /** 200 with the Content-Length of the whole body, half of it, then the socket is destroyed. */
  | { kind: "truncated" }
  /** 200, a complete HTTP message whose JSON text stops in the middle. */
  | { kind: "cut-json" }
  /** The socket is reset without an answer. */
  | { kind: "reset" };

/** Which requests a fault hits (default: every one), and how often (default: once). */
export interface FaultRule {
  match?: (request: RecordedRequest) => boolean;
  times?: number;
  fault: Fault;
}

/** The faults to come: a request takes the first rule added that matches it and is not used up. */
export class FaultQueue {
  #rules: { match: (request: RecordedRequest) => boolean; left: number; fault: Fault }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ match: rule.match ?? (() => true), left: rule.times ?? 1, fault: rule.fault });
  }

  clear(): void {
    this.#rules = [];
  }

  /** Used by the server: consumes one use of the fault for this request, if there is one. */
  take(request: RecordedRequest): Fault | undefined {
    const rule = this.#rules.find((candidate) => candidate.left > 0 && candidate.match(request));
    if (rule === undefined) return undefined;
    rule.left -= 1;
    return rule.fault;
  }
}

/** A running fake. `close` ends every open socket at once, hanging ones too. */
export interface FakeServer {
  url: string;
  /** Every request in order of arrival, those hit by a fault too. Set `length = 0` to forget them. */
  requests: RecordedRequest[];
  faults: FaultQueue;
  close(): Promise<void>;
}

export interface FakeServerOptions {
  handler: (request: RecordedRequest) => Answer;
  /** Stamps the requests and the `Date` header; the system clock when absent. */
  clock?: () => number;
}

/** Starts a real HTTP server on a free port of 127.0.0.1. */
export async function startFakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const clock = options.clock ?? Date.now;
  const requests: RecordedRequest[] = [];
  const faults = new FaultQueue();
  const timers = new Set<NodeJS.Timeout>();

  function later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, delayMs);
    timers.add(timer);
  }

  const server = createServer((incoming, response) => {
    const request = record(incoming, clock());
    requests.push(request);
    response.setHeader("date", new Date(request.atMs).toUTCString());
    const rightAnswer = () => answerOrError(options.handler, request);
    const fault = faults.take(request);
    if (fault === undefined) send(response, rightAnswer());
    else if (fault.kind === "slow") {
      const answer = rightAnswer();
      later(fault.delayMs, () => send(response, answer));
    } else misbehave(fault, response, rightAnswer);
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    close: () =>
      new Promise((resolve, reject) => {
        for (const timer of timers) clearTimeout(timer);
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** An answer with a JSON body. */
export function jsonAnswer(status: number, value: unknown): Answer {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status, headers, body: JSON.stringify(value) };
}

/** An answer with the page nginx writes for this status. */
export function nginxAnswer(status: number, reason: string): Answer {
  const line = `${status} ${reason}`;
  const body =
    `<html>\r\n<head><title>${line}</title></head>\r\n<body>\r\n` +
    `<center><h1>${line}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: { "content-type": "text/html" }, body };
}

/** The part of an Authorization header after the scheme, or undefined if the scheme is another one. */
export function credentials(request: RecordedRequest, scheme: "basic" | "bearer"): string | undefined {
  const [given, value] = (request.headers.authorization ?? "").split(" ");
  return given?.toLowerCase() === scheme ? value : undefined;
}

function record(incoming: IncomingMessage, atMs: number): RecordedRequest {
  const url = new URL(incoming.url ?? "/", "http://fake");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const query = Object.fromEntries(url.searchParams);
  return { method: incoming.method ?? "GET", path: url.pathname, query, headers, atMs };
}

function answerOrError(handler: FakeServerOptions["handler"], request: RecordedRequest): Answer {
  try {
    return handler(request);
  } catch (error) {
    return jsonAnswer(500, { error: `The fake failed: ${String(error)}` });
  }
}

function misbehave(
  fault: Exclude<Fault, { kind: "slow" }>,
  response: ServerResponse,
  rightAnswer: () => Answer,
): void {
  switch (fault.kind) {
    case "status":
      send(response, statusAnswer(fault));
      return;
    case "html":
      send(response, { ...nginxAnswer(502, "Bad Gateway"), status: 200 });
      return;
    case "cut-json": {
      const answer = rightAnswer();
      send(response, { ...answer, status: 200, body: answer.body.slice(0, answer.body.length / 2) });
      return;
    }
    case "stall-body":
      sendHalf(response, rightAnswer(), () => undefined);
      return;
    case "truncated":
      sendHalf(response, { ...rightAnswer(), status: 200 }, () => response.socket?.destroy());
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "hang":
  }
}

function statusAnswer(fault: Extract<Fault, { kind: "status" }>): Answer {
  const headers: Record<string, string> = {};
  if (fault.body !== undefined) headers["content-type"] = "application/json";
  for (const [name, value] of Object.entries(fault.headers ?? {})) headers[name.toLowerCase()] = value;
  return { status: fault.status, headers, body: fault.body ?? "" };
}

function send(response: ServerResponse, answer: Answer): void {
  const length = String(Buffer.byteLength(answer.body));
  response.writeHead(answer.status, { ...answer.headers, "content-length": length });
  response.end(answer.body);
}

function sendHalf(response: ServerResponse, answer: Answer, then: () => void): void {
  const length = String(Buffer.byteLength(answer.body));
  response.writeHead(answer.status, { ...answer.headers, "content-length": length });
  response.write(firstHalf(answer.body), then);
}

function firstHalf(body: string): Buffer {
  const bytes = Buffer.from(body);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
