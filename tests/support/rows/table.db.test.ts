import { gt } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { users } from "#drizzle/members";
import { openTestDatabase, type TestDatabase } from "../test-database";
import { userRows } from "./members";
import { deleteRows, lastRow, readRows, updateRows } from "./table";

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

test("a factory fills in what a row needs, and rows are read in the order of their creation", async () => {
  const ada = await userRows.insert(db.owner, { name: "Ada" });
  const [bob, eve] = await userRows.insertAll(db.owner, [{ name: "Bob" }, { email: "eve@example.org" }]);
  expect(await readRows(db.owner, users, {}, ["userId", "name"])).toEqual([
    { userId: ada.userId, name: "Ada" },
    { userId: bob?.userId, name: "Bob" },
    { userId: eve?.userId, name: null },
  ]);
  expect(await lastRow(db.owner, users)).toMatchObject({ ...eve, name: null });
});

test("rows are selected by values, by a list of values, by an empty value or by conditions", async () => {
  const named = (where: Parameters<typeof readRows<typeof users, "email">>[2]) =>
    readRows(db.owner, users, where, ["email"]);
  const [one, two] = await userRows.insertAll(db.owner, [{ name: "One" }, { name: "Two" }]);
  expect(await named({ name: "One" })).toEqual([{ email: one?.email }]);
  expect(await named({ name: ["One", "Two"] })).toEqual([{ email: one?.email }, { email: two?.email }]);
  expect(await named({ name: null })).not.toContainEqual({ email: one?.email });
  expect(await named([gt(users.userId, one?.userId ?? "")])).toEqual([{ email: two?.email }]);
  await deleteRows(db.owner, users, { name: ["One", "Two"] });
  expect(await named({ name: ["One", "Two"] })).toEqual([]);
});

test("a factory refuses a column that the table does not have, also in a spread value", async () => {
  const misspelled = { full_name: "Ada" };
  await expect(userRows.insert(db.owner, { name: null, ...misspelled })).rejects.toThrow(
    "users has no column full_name",
  );
});

test("a change that finds no row fails, because it prepares nothing", async () => {
  await expect(updateRows(db.owner, users, { name: "No one" }, { name: null })).rejects.toThrow(
    "no row of users has these values",
  );
});
