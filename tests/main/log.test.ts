import { expect, test } from "vitest";
import { makeLog } from "#src/main/log";

test("fields with the name of a secret are redacted at every depth of a log entry", () => {
  const lines: string[] = [];
  const log = makeLog("info", { write: (line) => void lines.push(line) });
  const secrets = {
    authorization: "planted-1",
    "x-api-key": "planted-2",
    cookie: "planted-3",
    "set-cookie": "planted-4",
  };
  log.info({ requestId: "req_1", password: "planted-5", key: "planted-6" }, "an event");
  log.info({ headers: secrets, row: { hash: "planted-7", secret: "planted-8" } }, "an event");
  log.info({ request: { headers: secrets, body: { password: "planted-9", token: "planted-10" } } }, "an event");
  const text = lines.join("");
  expect(text).not.toContain("planted");
  expect(text.match(/\[redacted\]/g)).toHaveLength(14);
  expect(text).toContain("req_1");
});

test("the parameters of a failed statement do not reach the log", () => {
  const lines: string[] = [];
  const log = makeLog("info", { write: (line) => void lines.push(line) });
  const cause = Object.assign(new Error("duplicate key (planted-1)"), { severity: "ERROR", code: "23505" });
  const error = Object.assign(new Error("Failed query: insert … params: planted-2", { cause }), {
    params: ["planted-3"],
  });
  log.warn({ err: error }, "it failed");
  expect(lines.join("")).not.toContain("planted");
  expect(lines.join("")).toContain("23505");
});
