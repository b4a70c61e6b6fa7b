import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Key } from "../../contracts/keys";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
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
