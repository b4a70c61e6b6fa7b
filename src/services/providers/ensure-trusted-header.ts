import { arrayContains } from "drizzle-orm";
import { sessions } from "../../../drizzle/persons";
import { headerProvider } from "../../identity/oidc/hand-over";
import type { Method } from "../../identity/sessions";
import { trustedHeaderButton } from "../../identity/sign-in/trusted-header";
import type { Runtime } from "../../persistence/runtime";
import { audit } from "./ensure-settings-providers";

/** Where the settings have no trusted header any more, the sessions that it opened end, as those of a provider do. */
export async function ensureTrustedHeader(
  runtime: Pick<Runtime, "database" | "clock" | "installationId">,
  isOn: boolean,
): Promise<void> {
  if (isOn) return;
  await runtime.database.transaction("host", null, async (tx) => {
    const ended = await tx
      .delete(sessions)
      .where(arrayContains(sessions.methods, ["trusted_header"] satisfies Method[]))
      .returning({ sessionId: sessions.sessionId });
    if (ended.length === 0) return;
    const header = { providerId: headerProvider, slug: trustedHeaderButton.slug };
    await audit(tx, runtime, "providers.update", header, { enabled: [true, false], endedSessions: ended.length });
  });
}
