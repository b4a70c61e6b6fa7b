import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { compareSync } from "bcryptjs";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkVisitorPassword } from "#src/platform/passwords/credential-rules";
import { hashForGateway } from "#src/platform/passwords/hash-for-gateway";
import { patienceMs } from "#tests/support/patience";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** Returns the hashes of `openssl`, one per password. It reads one password per line of standard input. */
function opensslApr1(salt: string, passwords: readonly string[]): string[] {
  const run = spawnSync("openssl", ["passwd", "-apr1", "-salt", salt, "-stdin"], {
    input: `${passwords.join("\n")}\n`,
  });
  expect(run.stderr.toString()).toBe("");
  return run.stdout.toString().trimEnd().split("\n");
}

describe("APR1", () => {
  it.skipIf(!hasOpenssl)(
    "APR1 hashes equal those of openssl for passwords of every kind and length (DK-17)",
    async () => {
      const accepted = (text: string) => checkVisitorPassword(text, "apr1") === null;
      const random = fc.sample(
        fc.oneof(
          fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
          fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
          fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 255 }),
        ),
        400,
      );
      const lengths = Array.from({ length: 255 }, (_, at) => "x".repeat(at + 1));
      const known = ["pä$$wörd", "пароль", "密码密码密码", "🦊🦊🦊", "é".repeat(127), " lead and trail ", "║:{{"];
      const passwords = [...known, ...lengths, ...random].filter(accepted);
      expect(passwords.length).toBeGreaterThan(500);

      const salt = randomBytes(8);
      const hashes = await Promise.all(
        passwords.map((password) => hashForGateway(password, "apr1", () => salt, "org_a")),
      );
      const saltText = hashes[0]?.split("$")[2] ?? "";
      expect(hashes).toEqual(opensslApr1(saltText, passwords));
    },
  );

  it("an APR1 hash takes its salt of 8 characters from the given source, with all characters equally likely", async () => {
    const zeros = await hashForGateway("x", "apr1", (size) => Buffer.alloc(size), "org_a");
    expect(zeros).toMatch(/^\$apr1\$\.{8}\$[./0-9A-Za-z]{22}$/);
    const letters = new Set<string>();
    for (let byte = 0; byte < 256; byte += 1) {
      const hash = await hashForGateway("x", "apr1", (size) => Buffer.alloc(size, byte), "org_a");
      letters.add(hash.charAt(6));
    }
    expect(letters.size).toBe(64);
    expect(await hashForGateway("x", "apr1", randomBytes, "org_a")).not.toBe(
      await hashForGateway("x", "apr1", randomBytes, "org_a"),
    );
  });
});

describe("bcrypt", () => {
  it("bcrypt hashes have cost 10 and the given salt, and do not block the event loop", async () => {
    await hashForGateway("warm up", "bcrypt", randomBytes, "org_a");
    let turns = 0;
    let hashing = true;
    const turn = () => {
      turns += 1;
      if (hashing) setImmediate(turn);
    };
    turn();
    const passwords = ["a", "pä$$wörd", "€".repeat(24), "🦊", "x".repeat(72), "one more"];
    const hashes = await Promise.all(
      passwords.map((password) => hashForGateway(password, "bcrypt", randomBytes, "org_a")),
    );
    hashing = false;

    hashes.forEach((hash, at) => {
      expect(hash).toMatch(/^\$2b\$10\$[./0-9A-Za-z]{53}$/);
      expect(compareSync(passwords[at] ?? "", hash)).toBe(true);
      expect(compareSync(`!${passwords[at]}`, hash)).toBe(false);
    });
    expect(new Set(hashes.map((hash) => hash.slice(7, 29))).size).toBe(passwords.length);
    // Six hashes on the event loop itself would leave it one or two turns each.
    expect(turns).toBeGreaterThan(500);
  });

  it("bcrypt returns the same hash for the same salt", async () => {
    const fixed = (size: number) => Buffer.alloc(size, 0x5a);
    expect(await hashForGateway("same", "bcrypt", fixed, "org_a")).toBe(
      await hashForGateway("same", "bcrypt", fixed, "org_a"),
    );
  });
});

describe("a password that cannot be checked at the gateway", () => {
  it.each([
    ["bcrypt", "x".repeat(73), "password_too_long"],
    ["apr1", "x".repeat(256), "password_too_long"],
    ["apr1", "", "password_empty"],
    ["bcrypt", "a\u0000b", "password_control_character"],
    ["apr1", "\ud800", "password_not_unicode"],
  ] as const)(
    "%s refuses an invalid password with a reason that does not contain the password",
    async (algorithm, password, word) => {
      await expect(hashForGateway(password, algorithm, randomBytes, "org_a")).rejects.toThrow(new RangeError(word));
    },
  );

  it("hashing fails if its random source returns too few bytes", async () => {
    await expect(hashForGateway("x", "apr1", () => Buffer.alloc(4), "org_a")).rejects.toThrow(RangeError);
    await expect(hashForGateway("x", "bcrypt", () => Buffer.alloc(4), "org_a")).rejects.toThrow(RangeError);
  });
});

describe("a bundle with external dependencies", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(resolve("node_modules"), ".hash-bundle-"));
    await build({
      stdin: {
        contents: `
          import { randomBytes } from "node:crypto";
          import { hashForGateway } from "./src/platform/passwords/hash-for-gateway";
          const hashes = await Promise.all(["apr1", "bcrypt", "bcrypt", "bcrypt"].map((a) => hashForGateway("pä", a, randomBytes, "org_a")));
          process.stdout.write(JSON.stringify(hashes));`,
        resolveDir: resolve("."),
      },
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outfile: join(folder, "main.mjs"),
    });
    await build({
      entryPoints: ["src/platform/passwords/hash-workers.ts"],
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outfile: join(folder, "workers.mjs"),
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("bundled hashing works from any working directory, and its idle threads do not keep the process alive", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "main.mjs")], {
      cwd: "/",
      timeout: 20_000,
    });
    const [apr1, ...bcrypts] = JSON.parse(stdout) as string[];
    expect(apr1).toMatch(/^\$apr1\$/);
    expect(bcrypts.map((hash) => compareSync("pä", hash))).toEqual([true, true, true]);
  });

  it("a failed hash rejects for its caller and does not end the process", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { bcryptInWorker } from ${JSON.stringify(join(folder, "workers.mjs"))};
         const answers = await Promise.allSettled([1, 2, 3].map(() => bcryptInWorker("secret", "no salt")));
         const good = await bcryptInWorker("x", "$2b$04$......................");
         process.stdout.write(JSON.stringify([answers.map((a) => String(a.reason)), good.length]));`,
      ],
      { timeout: patienceMs },
    );
    expect(JSON.parse(stdout)).toEqual([Array(3).fill("Error: the password could not be hashed"), 60]);
  });
});
