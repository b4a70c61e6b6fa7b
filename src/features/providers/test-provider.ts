import { probeProvider } from "#src/identity/external/probe-provider";
import { findProviderById } from "#src/identity/external/provider";
import { limits, take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ProviderById, TestedProvider } from "./contract";
import { provider } from "./resource";

/**
 * Requests a provider's metadata and keys now, as a sign-in does. It works for a disabled provider, before people see
 * it. It changes nothing.
 * @throws Refusal `rate_limited`
 */
export const testProvider = operation(
  {
    name: "providers.test",
    summary: "Test whether this server can reach an identity provider, step by step",
    permission: "provider:update",
    on: provider,
    input: ProviderById,
    output: TestedProvider,
    errors: [],
    rest: { method: "POST", path: "/providers/{providerId}/test" },
  },
  async (authorized) => {
    const { runtime } = authorized.request;
    await take(runtime, limits.providerTestsOfOrganization, authorized.organization.organizationId);
    const found = await findProviderById(runtime, authorized.object.providerId);
    if (!found) throw new Refusal("not_found", authorized.named);
    return probeProvider(found, runtime.resolver);
  },
);
