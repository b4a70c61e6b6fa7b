import { eq } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Key, KeyById } from "./contract";
import { apiKey } from "./resource";
import { keyColumns, presentKey } from "./rows";

/** One API key, without the key itself. */
export const one = operation(
  {
    name: "keys.one",
    summary: "Get an API key, without its secret",
    permission: "key:read",
    on: apiKey,
    input: KeyById,
    output: Key,
    errors: [],
    rest: { method: "GET", path: "/keys/{apiKeyId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx.select(keyColumns).from(apiKeys).where(eq(apiKeys.apiKeyId, authorized.object.apiKeyId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentKey(row);
    });
  },
);
