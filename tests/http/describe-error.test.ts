import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { describeError } from "#src/http/describe-error";
import { Refusal } from "#src/platform/errors/refusal";

const secret = "Bound-parameter-4711";

/** An error as Drizzle throws it: both messages, and therefore both stacks, contain the bound parameters. */
function databaseError(): Error {
  const cause = Object.assign(new Error(`duplicate key: ${secret}`), {
    severity: "ERROR",
    code: "23505",
    constraint_name: "security_username",
    table_name: "security",
    detail: `Key (username)=(${secret})`,
  });
  return new DrizzleQueryError("insert into security values ($1)", [secret], cause);
}

describe("an error with a database error in its chain (DK-7, DK-14)", () => {
  it.each([
    ["the error itself", databaseError()],
    ["the cause of another error", new Error(`saving ${secret}`, { cause: databaseError() })],
    ["the cause of a cause", new Error(secret, { cause: new TypeError(secret, { cause: databaseError() }) })],
  ])("a database error is described without its bound parameters: %s", (_title, error) => {
    const text = JSON.stringify(describeError(error));
    expect(text).not.toContain(secret);
    expect(text).not.toContain("insert into");
    for (const known of ["23505", "security_username", '"table":"security"', "describe-error.test"]) {
      expect(text).toContain(known);
    }
  });
});

describe("a refusal", () => {
  it("the log describes a refusal by its reason alone, because its message names values", () => {
    const described = describeError(
      new Error("outer", { cause: new Refusal("duplicate_username", { username: secret }) }),
    );
    expect(described).toMatchObject({ cause: { name: "Refusal", reason: "duplicate_username" } });
    expect(JSON.stringify(described)).not.toContain(secret);
  });
});

describe("any other error", () => {
  it("another error is described with its message and with stack frames that do not repeat it", () => {
    const { name, message, frames } = describeError(new TypeError("a.b is no function\n  and more of it"));
    expect([name, message]).toEqual(["TypeError", "a.b is no function\n  and more of it"]);
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) expect(frame).toMatch(/^at /);
  });

  it("an error about unparsable text is described without its message, which would repeat the text", () => {
    const parse = () => JSON.parse("password=x");
    expect(parse).toThrow(SyntaxError);
    let described = "";
    try {
      parse();
    } catch (cause) {
      described = JSON.stringify(describeError(new Error("the body is no JSON", { cause })));
    }
    expect(described).toContain("the body is no JSON");
    expect(described).toContain("SyntaxError");
    expect(described).not.toContain("password");
  });

  it("another error is described with at most three causes, and a thrown string only by its type", () => {
    const chain = Array.from({ length: 6 }).reduce<Error>(
      (cause, _, at) => new Error(`e${at}`, { cause }),
      new Error(),
    );
    expect(JSON.stringify(describeError(chain)).match(/"message"/g)).toHaveLength(4);
    expect(describeError(secret)).toEqual({ name: "string", frames: [] });
  });
});
