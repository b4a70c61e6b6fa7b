import { violatedConstraint } from "../../database/database-errors";
import { Refusal } from "../../platform/errors/refusal";

/** @throws Refusal `name_taken` for a name that another of the organization's service accounts has */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "service_accounts_name") {
    throw new Refusal("name_taken", { kind: "service account", name });
  }
  throw error;
}
