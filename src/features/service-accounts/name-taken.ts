import { violatedConstraint } from "../../database/database-errors";
import { Conflict } from "../../platform/errors";

/** @throws Conflict `name_taken` for a name that another of the organization's service accounts has */
export function orNameTaken(error: unknown): never {
  if (violatedConstraint(error) === "service_accounts_name") {
    throw new Conflict("name_taken", "There is a service account with this name already.", { name: "taken" });
  }
  throw error;
}
