import { createHash } from "node:crypto";

/** SHA-256 in hex. A secret of 32 random bytes cannot be guessed, so that a slow hash would add nothing but waiting. */
export const secretHash = (secret: string): string => createHash("sha256").update(secret).digest("hex");
