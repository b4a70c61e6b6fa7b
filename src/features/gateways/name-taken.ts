import { violatedConstraint } from "../../database/database-errors";
import { Refusal } from "../../platform/errors/refusal";

/** @throws Refusal `name_taken` for a name that another gateway has */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "gateways_name_unique") {
    throw new Refusal("name_taken", { kind: "gateway", name });
  }
  throw error;
}
