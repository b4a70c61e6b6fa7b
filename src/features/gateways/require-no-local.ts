import { Conflict } from "../../platform/errors";
import { localGateway } from "../../platform/local-gateway";

/**
 * The gateway of this machine is known by its name: under another one, nothing would be delivered to it any more.
 * @throws Conflict `local_gateway`
 */
export function requireNoLocal(name: string): void {
  if (name !== localGateway) return;
  throw new Conflict("local_gateway", "The gateway `local` belongs to this machine: it keeps its name, and stays.");
}
