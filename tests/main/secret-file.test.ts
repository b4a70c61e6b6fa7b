import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findSecretFile, makeSecretFile } from "#src/main/secret-file";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const path = () => join(folder, "secret");

describe("the secret in the data folder", () => {
  it("concurrent creations of the secret file agree on one secret and leave no other file", async () => {
    const secrets = await Promise.all(Array.from({ length: 8 }, () => makeSecretFile(folder)));
    expect(new Set(secrets.map((secret) => secret.toString("hex"))).size).toBe(1);
    expect(secrets[0]).toHaveLength(32);
    expect(await findSecretFile(folder)).toEqual(secrets[0]);
    expect(readdirSync(folder)).toEqual(["secret"]);
  });

  it("the secret file is readable only by its owner", async () => {
    await makeSecretFile(folder);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it.each([0o640, 0o604, 0o660])(
    "a secret file with the mode %o is refused in one line because others can read it",
    async (mode) => {
      await makeSecretFile(folder);
      chmodSync(path(), mode);
      const refused = await findSecretFile(folder).catch((error: Error) => error.message);
      expect(refused).toBe(`${path()} can be read by others (mode ${mode.toString(8)}): run "chmod 600" on it`);
    },
  );

  it("a secret file without a secret is refused, and the message does not contain its text", async () => {
    writeFileSync(path(), "hunter2hunter2", { mode: 0o600 });
    const refused = await findSecretFile(folder).catch((error: Error) => error.message);
    expect(refused).toMatch(/holds no secret/);
    expect(refused).not.toContain("hunter2");
    expect(readFileSync(path(), "utf8")).toBe("hunter2hunter2");
  });

  it("a missing secret file gives null", async () => {
    expect(await findSecretFile(folder)).toBeNull();
  });
});
