import { expect, test } from "vitest";
import { permissions } from "../../src/access/permissions";
import { renderPermissionsPage } from "../../src/access/permissions-page";

/** Update it with `npx vitest run --project unit tests/access/permissions-page.test.ts --update`. */
test("docs/permissions.md matches the permission table", async () => {
  const page = renderPermissionsPage();
  for (const permission of permissions) expect(page).toContain(`| \`${permission}\` |`);
  await expect(page).toMatchFileSnapshot("../../docs/permissions.md");
});
