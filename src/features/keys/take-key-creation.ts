import type { Authorized } from "../../access/authorized";
import type { Permission } from "../../access/permissions";
import { limits, take } from "../../identity/limits";

/**
 * Counts one key made from the caller's address; all unknown addresses count as one. The host's command line is not counted.
 * @throws Refusal `rate_limited`
 */
export async function takeKeyCreation<P extends Permission, O>({
  request: { runtime, ip },
  principal,
}: Authorized<P, O>): Promise<void> {
  const tries = runtime.signIn.keyCreationsPerHour;
  if (tries === 0 || principal.kind === "commandLine") return;
  await take(runtime, { ...limits.keyCreationByAddress, tries }, ip ?? "unknown");
}
