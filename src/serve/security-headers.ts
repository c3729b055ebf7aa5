import helmet from "@fastify/helmet";
import fastify from "fastify";

export interface SecurityHeaders {
  /** Of pages, all that Helmet gives: they take scripts, styles and images from this server alone, none of them inline, and
   *  stand in no frame. */
  readonly page: Readonly<Record<string, string>>;
  /** Of data, what says something about them. A dozen headers would take as long to write as the answer itself. */
  readonly data: Readonly<Record<string, string>>;
}

/** They are worked out once, as Helmet builds all of its parts anew for each request. */
export async function securityHeaders(settings: {
  /** Browsers then refuse to come without TLS. */
  readonly isBehindTls: boolean;
}): Promise<SecurityHeaders> {
  const scratch = fastify();
  await scratch.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    frameguard: { action: "deny" },
    hsts: settings.isBehindTls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
  scratch.get("/", async (_, reply) => reply.send());
  const { headers } = await scratch.inject("/");
  await scratch.close();
  const ofHelmet = Object.entries(headers).filter(([name]) => !NOT_OF_HELMET.includes(name));
  const page = Object.fromEntries(ofHelmet.map(([name, value]) => [name, String(value)]));
  const kept = Object.entries(page).filter(([name]) => OF_DATA.includes(name));
  return {
    page,
    data: {
      ...Object.fromEntries(kept),
      // Should a browser show them as a page, it does nothing.
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
    },
  };
}

const OF_DATA = ["x-content-type-options", "cross-origin-resource-policy", "strict-transport-security"];

const NOT_OF_HELMET = ["content-length", "date", "connection"];
