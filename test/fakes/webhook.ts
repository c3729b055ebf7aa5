import { createHmac, timingSafeEqual } from "node:crypto";
import { type Receiver, startReceiver } from "./receiver.ts";

export interface FakeWebhook extends Receiver {
  /** Bodies whose signature was right. */
  readonly messages: Record<string, unknown>[];
}

/** A receiver that does what docs/alerts.md tells receivers to do: checks the signature over timestamp and body, and refuses
 *  what is not signed with its secret. */
export async function startFakeWebhook(secret: string): Promise<FakeWebhook> {
  const messages: Record<string, unknown>[] = [];
  const receiver = await startReceiver(({ headers, body }) => {
    const timestamp = headers["co2e-timestamp"] ?? "";
    const wanted = `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
    const given = headers["co2e-signature"] ?? "";
    if (given.length !== wanted.length || !timingSafeEqual(Buffer.from(given), Buffer.from(wanted)))
      return { status: 403, body: "bad signature" };
    messages.push(JSON.parse(body) as Record<string, unknown>);
    return { status: 204, body: "" };
  });
  return { ...receiver, messages };
}
