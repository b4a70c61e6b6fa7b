import { violatedConstraint } from "../../database/database-errors";
import { Conflict } from "../../platform/errors";

/** @throws Conflict `name_taken` for a name that another gateway has */
export function orNameTaken(error: unknown): never {
  if (violatedConstraint(error) === "gateways_name_unique") {
    throw new Conflict("name_taken", "There is a gateway with this name already.", { name: "taken" });
  }
  throw error;
}
