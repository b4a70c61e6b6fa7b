import { expect, test } from "vitest";
import { GET, POST } from "#src/app/api/trpc/[trpc]/route";

test.each([
  ["GET", GET],
  ["POST", POST],
])("the API route of Next returns 503 api_not_here to a %s request", async (_method, handle) => {
  const response = handle();
  expect(response.status).toBe(503);
  expect(await response.text()).toMatch(/^The API is not part of Next\./);
});

test("the API route of Next has no access to the API's handler", () => {
  expect(Object.getOwnPropertySymbols(globalThis).map(String)).not.toContain("Symbol(portcullis.handler)");
});
