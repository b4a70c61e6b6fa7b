import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Key } from "./contract";
import { keyColumns } from "./key-columns";
import { presentKey } from "./present-key";

/** One API key: never the key itself. */
export async function getKey(authorized: Authorized<"key:read", "apiKey">): Promise<Key> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select(keyColumns).from(apiKeys).where(eq(apiKeys.apiKeyId, authorized.object.apiKeyId));
    if (!row) throw new NotFound();
    return presentKey(row);
  });
}
