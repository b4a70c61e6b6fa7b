import { Refusal } from "../../platform/errors/refusal";
import { localGateway } from "../../platform/local-gateway";

/**
 * The gateway of this machine is known by its name: under another one, nothing would be delivered to it any more.
 * @throws Refusal `local_gateway`
 */
export function requireNoLocal(name: string): void {
  if (name !== localGateway) return;
  throw new Refusal("local_gateway");
}
