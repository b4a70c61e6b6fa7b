import { randomBytes } from "node:crypto";
import md5 from "apache-md5";
import bcrypt from "bcryptjs";
import { describe, expect, test } from "vitest";
import { hashCost } from "#src/traefik/compiler/hash-shape";

const APR1 = "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.";
const BCRYPT = "$2b$10$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.";

describe("DK-17 the form of a hash", () => {
  test("every hash of both libraries has the form of its own algorithm only", () => {
    for (let i = 0; i < 200; i++) {
      const hash = md5(
        randomBytes(8).toString("hex"),
        `$apr1$${randomBytes(6).toString("base64").replaceAll("+", ".")}$`,
      );
      expect(hashCost("apr1", hash), hash).toBe("apr1");
      expect(hashCost("bcrypt", hash)).toBeNull();
    }
    for (let i = 0; i < 20; i++) {
      const hash = bcrypt.hashSync(randomBytes(8).toString("hex"), 4);
      expect(hashCost("bcrypt", hash), hash).toBe("bcrypt-04");
      expect(hashCost("apr1", hash)).toBeNull();
    }
  });

  test("hashCost returns different words for different costs of bcrypt", () => {
    expect(hashCost("bcrypt", BCRYPT)).toBe("bcrypt-10");
    expect(hashCost("bcrypt", BCRYPT.replace("$10$", "$12$"))).toBe("bcrypt-12");
    expect(hashCost("bcrypt", BCRYPT.replace("$2b$", "$2y$"))).toBe("bcrypt-10");
  });

  test.each([
    ["apr1", `${APR1}\n`],
    ["apr1", ` ${APR1}`],
    ["apr1", APR1.slice(0, -1)],
    ["apr1", `${APR1.slice(0, -1)}z`],
    ["apr1", APR1.replace("saltsalt", "saltsalts")],
    ["apr1", APR1.replace("saltsalt", "")],
    ["apr1", APR1.replace("saltsalt", "salt:alt")],
    ["apr1", APR1.replace("$apr1$", "$1$")],
    ["apr1", "{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs="],
    ["bcrypt", BCRYPT.replace("$10$", "$13$")],
    ["bcrypt", BCRYPT.replace("$10$", "$03$")],
    ["bcrypt", BCRYPT.replace("$10$", "$1$")],
    ["bcrypt", BCRYPT.replace("$2b$", "$2x$")],
    ["bcrypt", `${BCRYPT}.`],
    ["bcrypt", BCRYPT.slice(0, -1)],
    ["bcrypt", `${BCRYPT}\n`],
    ["bcrypt", ""],
  ] as const)("hashCost refuses for %s the hash %j", (algorithm, hash) => {
    expect(hashCost(algorithm, hash)).toBeNull();
  });
});
