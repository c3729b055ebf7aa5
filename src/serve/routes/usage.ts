import { createHash } from "node:crypto";
import { addUsage } from "../../flows/usage/add-usage.ts";
import type { Handlers } from "../operation-route.ts";
import { ApiProblem } from "../problem.ts";
import type { ServeParts, ServeSettings } from "../serve-parts.ts";

export function usageRoutes(parts: ServeParts, settings: ServeSettings): Pick<Handlers, "addUsage"> {
  return {
    async addUsage({ query, body }) {
      const added = await addUsage(parts.store, {
        ...settings,
        rows: body,
        originName: query.origin ?? "api",
        sha256: createHash("sha256").update(JSON.stringify(body)).digest("hex"),
      });
      if (!added.kept)
        throw new ApiProblem(
          "unprocessable",
          `${added.badLines} of ${added.lines} rows cannot be used, and nothing was kept.`,
          { errors: added.badRows },
        );
      parts.onUsage?.();
      return {
        origin: added.origin,
        rows: added.lines,
        mergedRows: added.mergedLines,
        new: added.new,
        changed: added.changed,
        unchanged: added.unchanged,
        from: added.from ?? "",
        to: added.to ?? "",
      };
    },
  };
}
