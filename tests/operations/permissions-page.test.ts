import { expect, test } from "vitest";
import { permissions } from "#src/access/permissions";
import { features } from "#src/features/all";
import { renderPermissionsPage } from "#src/operations/permissions-page";

/** `npx vitest run --project unit tests/operations/permissions-page.test.ts --update` writes the page again. */
test("docs/permissions.md says what the permission table and the operations say", async () => {
  const page = renderPermissionsPage(features);
  for (const permission of permissions) expect(page).toContain(`| \`${permission}\` |`);
  await expect(page).toMatchFileSnapshot("../../docs/permissions.md");
});

test("every permission is needed by an operation, except to read an audit log as a file", () => {
  const unused = renderPermissionsPage(features)
    .split("\n")
    .filter((line) => line.startsWith("| `") && line.endsWith("|  |"));
  expect(unused).toEqual([]);
});
