import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { beginsWith, contains, oneOf } from "#src/database/conditions-in-sql";

const queryOf = (condition: ReturnType<typeof oneOf>) => new PgDialect().sqlToQuery(condition);

test("without a list every value is in it, and no value is in an empty list", () => {
  expect(queryOf(oneOf(sql`a.id`, undefined)).sql).toBe("true");
  expect(queryOf(oneOf(sql`a.id`, [])).sql).toBe("false");
  expect(queryOf(oneOf(sql`a.id`, ["x", "y"]))).toMatchObject({ sql: "a.id in ($1, $2)", params: ["x", "y"] });
});

test("a text is always a parameter, and every character of it stands for itself in both cases", () => {
  expect(queryOf(contains(sql`a.name`, "50%_'\\")).params).toEqual(["50%_'\\"]);
  expect(queryOf(contains(sql`a.name`, "Äb.*]^-\\")).params).toEqual(["[Ää][bB][\\.][\\*][\\]][\\^][\\-][\\\\]"]);
  expect(queryOf(beginsWith(sql`a.name`, "ß1 ")).params).toEqual(["^[ß][1][ ]"]);
});
