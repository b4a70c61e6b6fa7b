import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Key, UpdateKey } from "../../contracts/keys";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { keyColumns } from "./key-columns";
import { presentKey } from "./present-key";

/** Renames an API key. */
export async function updateKey(authorized: Authorized<"key:update", "apiKey">, { name }: UpdateKey): Promise<Key> {
  return unitOfWork(authorized, async (work) => {
    const { apiKeyId, name: before } = work.authorized.object;
    const [row] = await work.tx
      .update(apiKeys)
      .set({ name })
      .where(eq(apiKeys.apiKeyId, apiKeyId))
      .returning(keyColumns);
    if (!row) throw new NotFound();
    work.audit("keys.update", { kind: "apiKey", id: apiKeyId }, { name: [before, name] });
    return presentKey(row);
  });
}
