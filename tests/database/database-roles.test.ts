import { PGlite } from "@electric-sql/pglite";
import { expect, test } from "vitest";
import { databaseRoles, ensureRoles } from "#src/database/database-roles";

test("a user with CREATEROLE can take the roles that it created, even if PostgreSQL does not grant that itself", async () => {
  const client = await PGlite.create();
  await client.exec("create role ada login createrole; set session authorization ada");
  await ensureRoles((statement) => client.exec(statement));
  await ensureRoles((statement) => client.exec(statement));
  for (const role of databaseRoles) {
    await client.exec(`set role ${role}`);
    const { rows } = await client.query<{ role: string }>("select current_user as role");
    expect(rows).toEqual([{ role }]);
    await client.exec("reset role");
  }
  await client.close();
});
