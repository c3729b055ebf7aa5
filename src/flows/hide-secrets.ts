/** A provider or a database may repeat what it was sent, whole, encoded or cut short. */
export type HideSecrets = (text: string) => string;

const HIDDEN = "[secret]";
/** Fewer first letters of a secret than this give nothing away and may be a word. */
const LEAST_LETTERS = 8;

/** Takes secrets out of texts of others: as they are, as in an address, and as in an Authorization header. `logins` are
 *  lists of secrets that belong together, such as user and password. */
export function hideSecrets(logins: readonly (readonly string[])[]): HideSecrets {
  const forms = [...new Set(logins.flatMap(formsOf))]
    .filter((form) => form.length > 0)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let hidden = text.replace(/\b(Bearer|Basic)\s+(?=\S*[\d=._])[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`);
    for (const form of forms) hidden = hidden.replaceAll(form, HIDDEN);
    // A message that was cut short may end in the beginning of a secret.
    for (const form of forms) hidden = hideBeginnings(hidden, form);
    return hidden;
  };
}

function formsOf(secrets: readonly string[]): string[] {
  const given = secrets.filter((secret) => secret.trim() !== "");
  const pairs = [
    ...given.flatMap((secret) => [`${secret}:`, `:${secret}`]),
    ...given.flatMap((one) => given.filter((other) => other !== one).map((other) => `${one}:${other}`)),
  ];
  return [
    ...given.flatMap((secret) => [secret, encodeURIComponent(secret), base64(secret)]),
    ...pairs.map(base64),
  ];
}

const base64 = (text: string): string => Buffer.from(text).toString("base64").replace(/=+$/, "");

function hideBeginnings(text: string, form: string): string {
  let hidden = text;
  for (let letters = form.length - 1; letters >= LEAST_LETTERS; letters--)
    hidden = hidden.replaceAll(form.slice(0, letters), HIDDEN);
  return hidden;
}
