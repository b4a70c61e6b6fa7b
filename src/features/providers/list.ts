import { desc, lt } from "drizzle-orm";
import { oidcProviders } from "#drizzle/persons";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListProviders, ProviderPage } from "./contract";
import { presentProvider, providerColumns } from "./rows";

/**
 * The organization's providers, newest first. For the root organization, the installation's providers are configured in
 * the settings.
 */
export const list = operation(
  {
    name: "providers.list",
    summary: "List the organization's identity providers",
    permission: "provider:read",
    on: caller,
    input: ListProviders,
    output: ProviderPage,
    errors: [],
    rest: { method: "GET", path: "/providers" },
  },
  async (authorized, input) => {
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select(providerColumns)
        .from(oidcProviders)
        .where(input.cursor === undefined ? undefined : lt(oidcProviders.providerId, input.cursor))
        .orderBy(desc(oidcProviders.providerId))
        .limit(input.limit + 1);
      return pageOfRows(
        rows,
        input,
        (row) => row.providerId,
        (row) => presentProvider(row, authorized.request.runtime),
      );
    });
  },
);
