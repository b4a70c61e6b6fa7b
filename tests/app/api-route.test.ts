import { expect, test } from "vitest";
import { GET, POST } from "../../src/app/api/trpc/[trpc]/route";

test.each([
  ["GET", GET],
  ["POST", POST],
])("Next's own route answers no %s request by the API, whoever runs it", async (_method, answer) => {
  const response = answer();
  expect(response.status).toBe(503);
  expect(await response.text()).toMatch(/^The API is not part of Next\./);
});

test("Next's own route has no way to the API", () => {
  expect(Object.getOwnPropertySymbols(globalThis).map(String)).not.toContain("Symbol(portcullis.handler)");
});
