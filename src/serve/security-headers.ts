import helmet from "@fastify/helmet";
import fastify from "fastify";

/** The headers of Helmet for every answer: a page takes scripts, styles and images from this server alone, none of them inline,
 *  and stands in no frame. They are worked out once, as Helmet builds all of its parts anew for each request. */
export async function securityHeaders(settings: {
  /** Browsers then refuse to come without TLS. */
  readonly isBehindTls: boolean;
}): Promise<Readonly<Record<string, string>>> {
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
  return Object.fromEntries(ofHelmet.map(([name, value]) => [name, String(value)]));
}

const NOT_OF_HELMET = ["content-length", "date", "connection"];
