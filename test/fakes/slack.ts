import { createServer } from "node:http";

export interface FakeSlack {
  readonly webhookUrl: string;
  /** Texts of the messages posted, in order. */
  readonly texts: string[];
  /** Status and plain text of the next answers. */
  answerWith(status: number, body: string): void;
  close(): Promise<void>;
}

/** A Slack incoming webhook: 200 with the plain text "ok", errors as plain text. The path is its secret. */
export async function startFakeSlack(secret = "T00/B00/s1ack-s3cret"): Promise<FakeSlack> {
  const texts: string[] = [];
  let answer = { status: 200, body: "ok" };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const isWebhook = request.method === "POST" && request.url === `/services/${secret}`;
      if (isWebhook) texts.push((JSON.parse(body) as { text: string }).text);
      response.writeHead(isWebhook ? answer.status : 404, { "content-type": "text/plain" });
      response.end(isWebhook ? answer.body : "no_service");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    webhookUrl: `http://127.0.0.1:${port}/services/${secret}`,
    texts,
    answerWith(status, body) {
      answer = { status, body };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
