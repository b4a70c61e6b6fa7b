import { eq } from "drizzle-orm";
import { oidcProviders } from "#drizzle/persons";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Provider, ProviderById } from "./contract";
import { provider } from "./resource";
import { presentProvider, providerColumns } from "./rows";

/** One provider of the organization. */
export const one = operation(
  {
    name: "providers.one",
    summary: "Get an identity provider, without its secret",
    permission: "provider:read",
    on: provider,
    input: ProviderById,
    output: Provider,
    errors: [],
    rest: { method: "GET", path: "/providers/{providerId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx
        .select(providerColumns)
        .from(oidcProviders)
        .where(eq(oidcProviders.providerId, authorized.object.providerId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentProvider(row, authorized.request.runtime);
    });
  },
);
