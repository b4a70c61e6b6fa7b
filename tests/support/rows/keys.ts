import { apiKeys } from "#drizzle/api-keys";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

/** The hash is that of no key, unless a test states it. */
export const keyRows = factoryOf(apiKeys, () => {
  const apiKeyId = newId("apiKey");
  return { apiKeyId, name: "Key", hash: apiKeyId, createdAt: new Date() };
});
