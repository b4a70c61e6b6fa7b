import type { Attempt } from "../attempt";
import { recordRefusedSignIn } from "../sign-in/record-sign-in";
import type { Person } from "./find-person";
import type { Provider } from "./provider";

/** Audits a sign-in by a provider that came to nothing, with the true reason: in the log of the provider's organization. */
export async function recordProviderRefusal(
  attempt: Attempt,
  { providerId, organizationId }: Pick<Provider, "providerId" | "organizationId">,
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
}
