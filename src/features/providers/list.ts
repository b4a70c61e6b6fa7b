import { desc, lt } from "drizzle-orm";
import { oidcProviders } from "../../../drizzle/persons";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { ListProviders, Provider } from "./contract";
import { presentProvider } from "./present-provider";
import { providerColumns } from "./provider-columns";

/** The organization's providers, newest first; the installation's are in its settings. */
export async function listProviders(
  authorized: Authorized<"provider:read", "organization">,
  input: ListProviders,
): Promise<{ items: Provider[]; nextCursor: string | null }> {
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
}
