import { desc, lt } from "drizzle-orm";
import { oidcProviders } from "../../../drizzle/persons";
import type { ListProviders, Provider } from "../../contracts/providers";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { pageOfRows } from "../page";
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
