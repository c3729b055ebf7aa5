import { SourceError } from "../core/errors.ts";

export interface Notifier {
  /** Throws SourceError; never with the webhook's address, which is its secret. */
  send(text: string): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** A Slack incoming webhook. Success is 200 with the text "ok". */
export function createSlack(options: { webhookUrl: string; fetch: typeof globalThis.fetch }): Notifier {
  return {
    async send(text) {
      let response: Response;
      // Not AbortSignal.timeout: in Node 20 a garbage collection between head and body takes it away.
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
      try {
        response = await options.fetch(options.webhookUrl, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ text: escapeText(text) }),
          redirect: "error",
          signal: controller.signal,
        });
        await response.text();
      } catch {
        // The cause is left out: it may carry the address.
        throw new SourceError("unavailable", "slack", "Slack could not be reached (SLACK_WEBHOOK_URL)");
      } finally {
        clearTimeout(timer);
      }
      if (response.ok) return;
      throw new SourceError(
        response.status === 429 || response.status >= 500 ? "unavailable" : "unauthorised",
        "slack",
        `Slack answered ${response.status} to the webhook in SLACK_WEBHOOK_URL`,
      );
    },
  };
}

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
