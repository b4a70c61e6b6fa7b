import { expect, test } from "vitest";
import { permissions } from "../../src/access/permissions";
import { renderPermissionsPage } from "../../src/access/permissions-page";

/** Made anew by `npx vitest run --project unit tests/access/permissions-page.test.ts --update`. */
test("docs/permissions.md says what the permission table says", async () => {
  const page = renderPermissionsPage();
  for (const permission of permissions) expect(page).toContain(`| \`${permission}\` |`);
  await expect(page).toMatchFileSnapshot("../../docs/permissions.md");
});
