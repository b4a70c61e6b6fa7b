import { violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";
import { localGateway } from "#src/platform/local-gateway";

/** @throws Refusal `name_taken` for a name that another gateway has */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "gateways_name_unique") {
    throw new Refusal("name_taken", { kind: "gateway", name });
  }
  throw error;
}

/**
 * The gateway of this machine is identified by its name. Under another name, nothing would be delivered to it.
 * @throws Refusal `local_gateway`
 */
export function requireNoLocal(name: string): void {
  if (name !== localGateway) return;
  throw new Refusal("local_gateway");
}
