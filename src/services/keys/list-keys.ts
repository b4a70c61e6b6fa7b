import { desc, lt } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Key, ListKeys } from "../../contracts/keys";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { pageOfRows } from "../page";
import { keyColumns } from "./key-columns";
import { presentKey } from "./present-key";

/** The organization's API keys, revoked ones too; newest first. */
export async function listKeys(
  authorized: Authorized<"key:read", "organization">,
  input: ListKeys,
): Promise<{ items: Key[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select(keyColumns)
      .from(apiKeys)
      .where(input.cursor === undefined ? undefined : lt(apiKeys.apiKeyId, input.cursor))
      .orderBy(desc(apiKeys.apiKeyId))
      .limit(input.limit + 1);
    return pageOfRows(rows, input, (row) => row.apiKeyId, presentKey);
  });
}
