import { createHmac } from "node:crypto";
import type { AlertMessage } from "../message.ts";
import type { Channel } from "./channel.ts";
import { outcomeOf, type Post } from "./post.ts";

export interface WebhookOptions {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly post: Post;
  readonly clock: () => number;
}

/** Any receiver of JSON. The body is signed, so that the receiver can tell it from what others send; a message may come
 *  twice, with the same `co2e-delivery`. */
export function createWebhook({ name, url, secret, post, clock }: WebhookOptions): Channel {
  return {
    name,
    async send(message) {
      const body = JSON.stringify(webhookBody(message));
      const timestamp = String(Math.floor(clock() / 1000));
      const headers = {
        "co2e-timestamp": timestamp,
        "co2e-signature": `sha256=${signature(secret, timestamp, body)}`,
        "co2e-delivery": `${message.key}/${message.kind}/${message.at}`,
      };
      return outcomeOf("The webhook", await post(url, body, headers));
    },
  };
}

/** HMAC-SHA256 in hex of "TIMESTAMP.BODY", with the seconds since 1970 of the header `co2e-timestamp`. */
export const signature = (secret: string, timestamp: string, body: string): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

export const webhookBody = (message: AlertMessage) => ({ version: 1, ...message });
