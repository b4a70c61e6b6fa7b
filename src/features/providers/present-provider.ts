import type { oidcProviders } from "../../../drizzle/persons";
import type { Runtime } from "../../access/runtime";
import { unchanged } from "../../access/unit-of-work";
import { explainRefusal } from "../../identity/external/provider-refusals";
import type { Provider } from "./contract";
import type { providerColumns } from "./provider-columns";

/** The public form of a provider. No gateway ever has to hear of one. */
export function presentProvider(
  {
    createdAt,
    lastRefusal,
    organizationId,
    ...row
  }: Pick<typeof oidcProviders.$inferSelect, keyof typeof providerColumns>,
  { signIn }: Pick<Runtime, "signIn">,
): Provider {
  return {
    ...row,
    createdAt: createdAt.toISOString(),
    fromSettings: organizationId === null,
    lastRefusal: lastRefusal && { ...lastRefusal, message: explainRefusal(lastRefusal.reason, row) },
    redirectUri: `${signIn.publicOrigin}/api/auth/callback/${row.slug}`,
    sync: { ...unchanged },
  };
}
