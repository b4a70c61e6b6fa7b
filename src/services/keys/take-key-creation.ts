import type { ObjectKind } from "../../core/located";
import type { Permission } from "../../core/permissions";
import { limits, take } from "../../identity/limits";
import type { Authorized } from "../../persistence/authorized";

/**
 * Counts one key made from the caller's address; all unknown addresses count as one. The host's command line is not counted.
 * @throws TooMany
 */
export async function takeKeyCreation<P extends Permission, K extends ObjectKind>({
  request: { runtime, ip },
  principal,
}: Authorized<P, K>): Promise<void> {
  const tries = runtime.signIn.keyCreationsPerHour;
  if (tries === 0 || principal.kind === "commandLine") return;
  await take(runtime, { ...limits.keyCreationByAddress, tries }, ip ?? "unknown");
}
