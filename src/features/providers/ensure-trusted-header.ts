import { arrayContains } from "drizzle-orm";
import { sessions } from "../../../drizzle/persons";
import type { Runtime } from "../../access/runtime";
import { headerProvider } from "../../identity/external/hand-over";
import { trustedHeaderButton } from "../../identity/external/trusted-header";
import type { Method } from "../../identity/sessions";
import { audit, reapplyInRoot } from "./ensure-settings-providers";

/**
 * Where the settings have no trusted header any more, the sessions that it opened and what its groups gave end, as for a
 * provider. Where they give its groups other roles, those are applied.
 * @param groupRoles the roles that its groups give
 */
export async function ensureTrustedHeader(
  runtime: Pick<Runtime, "database" | "clock" | "installationId" | "log">,
  isOn: boolean,
  groupRoles: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header = { providerId: headerProvider, slug: trustedHeaderButton.slug };
  await runtime.database.transaction("host", null, async (tx) => {
    await reapplyInRoot(tx, runtime, header, isOn ? groupRoles : null);
    if (isOn) return;
    const ended = await tx
      .delete(sessions)
      .where(arrayContains(sessions.methods, ["trusted_header"] satisfies Method[]))
      .returning({ sessionId: sessions.sessionId });
    if (ended.length === 0) return;
    await audit(tx, runtime, "providers.update", header, { enabled: [true, false], endedSessions: ended.length });
  });
}
