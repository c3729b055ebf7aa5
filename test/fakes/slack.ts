import { type Receiver, type Reply, startReceiver } from "./receiver.ts";

export interface FakeSlack extends Receiver {
  readonly webhookUrl: string;
  /** Texts of the messages posted, in order. */
  readonly texts: string[];
  /** Status and plain text of the next answers. */
  answerWith(status: number, body: string): void;
}

interface Block {
  type: string;
  text?: { type: string; text: string };
  fields?: { type: string; text: string }[];
  elements?: { type: string; text: string }[];
}

/** A Slack incoming webhook: 200 with the plain text "ok", errors as plain text, the limits of Block Kit. The path is its
 *  secret. */
export async function startFakeSlack(secret = "T00/B00/s1ack-s3cret"): Promise<FakeSlack> {
  const texts: string[] = [];
  let reply: Reply = { status: 200, body: "ok" };
  const receiver = await startReceiver(({ path, body }) => {
    if (path !== `/services/${secret}`) return { status: 404, body: "no_service" };
    const message = JSON.parse(body) as { text?: string; blocks?: Block[] };
    if (message.text === undefined || message.text === "") return { status: 400, body: "no_text" };
    if (!isWithinLimits(message.blocks ?? [])) return { status: 400, body: "invalid_blocks" };
    texts.push(message.text);
    return reply;
  });
  return {
    ...receiver,
    webhookUrl: `${receiver.url}/services/${secret}`,
    texts,
    answerWith(status, body) {
      reply = { status, body };
    },
  };
}

const isWithinLimits = (blocks: readonly Block[]): boolean =>
  blocks.length <= 50 &&
  blocks.every(
    ({ type, text, fields = [] }) =>
      (text === undefined ||
        (text.text.length > 0 && text.text.length <= (type === "header" ? 150 : 3000))) &&
      fields.length <= 10 &&
      fields.every((field) => field.text.length <= 2000),
  );
