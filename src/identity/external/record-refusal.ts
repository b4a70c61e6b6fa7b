import { eq, sql } from "drizzle-orm";
import { oidcProviders } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import { recordRefusedSignIn } from "../sign-in/record-sign-in";
import type { SignInContext } from "../sign-in-context";
import type { Person } from "./find-person";
import type { OidcProvider } from "./provider";
import { isAboutProvider } from "./provider-refusals";

/**
 * Audits a failed sign-in by a provider, with the true reason, in the log of the provider's organization. A reason that
 * says something about the provider is stored on the provider as well.
 */
export async function recordProviderRefusal(
  attempt: SignInContext,
  { providerId, organizationId }: Pick<OidcProvider, "providerId" | "organizationId">,
  reason: string,
  person: Person | null = null,
): Promise<void> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason,
    person,
    methods: ["oidc"],
    ...(organizationId === null ? {} : { organizationId }),
    changed: { provider: providerId },
  });
  if (!isAboutProvider(reason)) return;
  const at = attempt.runtime.clock.now().toISOString();
  await attempt.runtime.database.transaction("identity", null, (tx) => storeOnProvider(tx, providerId, reason, at));
}

/** Stores the reason on the provider, where its administrator finds it. */
async function storeOnProvider(tx: Transaction, providerId: string, reason: string, at: string): Promise<void> {
  const { lastRefusal } = oidcProviders;
  const before = sql`case when ${lastRefusal} ->> 'reason' = ${reason}::text then (${lastRefusal} ->> 'count')::integer else 0 end`;
  await tx
    .update(oidcProviders)
    .set({
      lastRefusal: sql`jsonb_build_object('reason', ${reason}::text, 'at', ${at}::text, 'count', ${before} + 1)`,
    })
    .where(eq(oidcProviders.providerId, providerId));
}
