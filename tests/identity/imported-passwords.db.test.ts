import { createHash } from "node:crypto";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passwords } from "#drizzle/persons";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { readRows, updateRows } from "../support/rows/table";
import { openWorld, type World } from "../support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function givenImported(hash: (password: string) => string) {
  const person = await givenPerson(world);
  await updateRows(world.db.owner, passwords, { userId: person.userId }, { hash: hash(person.password) });
  return person;
}

const storedOf = async (userId: string) => (await readRows(world.db.owner, passwords, { userId }, ["hash"]))[0]?.hash;

describe.each([
  ["bcrypt (AM-3, TM-1)", (password: string) => hashSync(password, 12)],
  ["SHA-256 (AM-4)", (password: string) => createHash("sha256").update(password).digest("hex")],
])("importing an account with a hash of the form %s", (form, hash) => {
  const ip = form.startsWith("bcrypt") ? "203.0.113.20" : "203.0.113.21";

  it(`an imported account signs in with its ${form} hash and has an Argon2id hash from then on`, async () => {
    const person = await givenImported(hash);
    const signIn = (password: string) =>
      openBrowser(world, { ip }).signIn("password", { email: person.email, password });
    const imported = await storedOf(person.userId);
    expect((await signIn("not this one")).status).toBe(401);
    expect(await storedOf(person.userId)).toBe(imported);
    expect((await signIn(person.password)).status).toBe(200);
    expect(await storedOf(person.userId)).toMatch(/^\$argon2id\$/);
    expect((await signIn(person.password)).status).toBe(200);
    expect((await signIn("not this one")).status).toBe(401);
  });

  it(`an imported account with a ${form} hash can sign in from two browsers at the same time`, async () => {
    const person = await givenImported(hash);
    const signIns = ["203.0.113.30", "203.0.113.31"].map((from) =>
      openBrowser(world, { ip: from }).signIn("password", { email: person.email, password: person.password }),
    );
    expect((await Promise.all(signIns)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await storedOf(person.userId)).toMatch(/^\$argon2id\$/);
  });
});
