import { expect, test } from "vitest";
import { features } from "#src/features/all";
import { apiPage } from "#src/http/rest/api-page";
import { operationsOf } from "#src/operations/operations-of";

test("docs/api.md describes exactly the existing operations", async () => {
  const page = apiPage(features);
  expect(page.match(/^### /gm)).toHaveLength(operationsOf(features).length);
  await expect(page).toMatchFileSnapshot("../../../docs/api.md");
});
