import { PassThrough } from "node:stream";
import pino from "pino";
import { expect, it } from "vitest";
import { z } from "zod";
import { defineCall, Peer } from "#src/delivery/protocol/peer";
import { WrongFolder } from "#src/delivery/protocol/wrong-folder";

const double = defineCall("double", z.object({ n: z.number() }), z.number());
const fail = defineCall("fail", z.null(), z.null());

function pair(options: { patienceMs?: number; largestFrame?: number } = {}) {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const log = pino({ level: "silent" });
  const asks = new Peer({ input: back, output: there, log, ...options });
  const answers = new Peer({ input: there, output: back, log, ...options });
  return { asks, answers, there, back };
}

it("a peer answers concurrent calls of both sides, each with its own answer", async () => {
  const { asks, answers } = pair();
  for (const peer of [asks, answers]) peer.handle(double, async ({ n }) => 2 * n);
  const asked = [asks.call(double, { n: 1 }), answers.call(double, { n: 2 }), asks.call(double, { n: 3 })];
  expect(await Promise.all(asked)).toEqual([2, 4, 6]);
});

it("a peer sends nothing that a call does not declare", async () => {
  const { asks, answers, there } = pair();
  let sent = "";
  there.on("data", (chunk: Buffer) => {
    sent += chunk.toString();
  });
  answers.handle(double, async ({ n }) => n);
  const more = { n: 1, secret: "hidden" };
  await asks.call(double, more);
  expect(sent).toContain('"n":1');
  expect(sent).not.toContain("hidden");
});

it("a peer transfers the errors that the other side must distinguish, and no text of any other error", async () => {
  const { asks, answers } = pair();
  const errors: Error[] = [
    new WrongFolder("claim_missing", "/srv/g is missing"),
    Object.assign(new Error("ENOSPC: no space left, write"), { code: "ENOSPC", syscall: "write" }),
    new Error("select secret from rows"),
    Object.assign(new Error("connect ENOENT"), { code: "ENOENT", syscall: "connect", address: "/run/database" }),
  ];
  answers.handle(fail, () => Promise.reject(errors.shift()));
  await expect(asks.call(fail, null)).rejects.toMatchObject({
    name: "WrongFolder",
    why: "claim_missing",
    message: "/srv/g is missing",
  });
  await expect(asks.call(fail, null)).rejects.toMatchObject({ code: "ENOSPC", syscall: "write" });
  for (const _ of [1, 2]) {
    const error = await asks.call(fail, null).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "CallFailed",
      message: "the call failed on the other side; its log has the reason",
    });
    expect(error).not.toHaveProperty("code");
  }
});

it("a peer refuses an input and an output that do not match the declaration, and keeps the connection", async () => {
  const { asks, answers } = pair();
  const loose = defineCall("double", z.unknown(), z.unknown());
  answers.handle(double, async ({ n }) => n);
  await expect(asks.call(loose, { n: "1" })).rejects.toMatchObject({ name: "CallFailed" });
  answers.handle(loose, async () => "no number");
  await expect(asks.call(double, { n: 1 })).rejects.toMatchObject({ name: "ZodError" });
  await expect(asks.call(fail, null)).rejects.toMatchObject({ name: "CallFailed" });
  answers.handle(double, async ({ n }) => n);
  expect(await asks.call(double, { n: 1 })).toBe(1);
});

it.each([
  ["the other side ends", ({ there }: ReturnType<typeof pair>) => there.end()],
  ["a line is no message", ({ back }: ReturnType<typeof pair>) => back.write('{"id":"x"}\n')],
  ["a line is no JSON", ({ back }: ReturnType<typeof pair>) => back.write("{\n")],
  ["a message is too large", ({ back }: ReturnType<typeof pair>) => back.write("x".repeat(2_000))],
  ["a stream fails", ({ back }: ReturnType<typeof pair>) => back.destroy(new Error("broken"))],
])("when %s, open calls fail, later ones too, and the reason is known", async (_what, end) => {
  const connection = pair({ largestFrame: 1_000 });
  connection.answers.handle(fail, () => new Promise(() => undefined));
  const open = connection.asks.call(fail, null);
  open.catch(() => undefined);
  end(connection);
  await expect(open).rejects.toMatchObject({ name: "ConnectionLost" });
  await expect(connection.asks.call(fail, null)).rejects.toMatchObject({ name: "ConnectionLost" });
  expect(await connection.asks.closed).toMatchObject({ name: "ConnectionLost" });
});

it("a peer counts a side that does not answer in time as lost", async () => {
  const { asks, answers } = pair({ patienceMs: 20 });
  answers.handle(fail, () => new Promise(() => undefined));
  await expect(asks.call(fail, null)).rejects.toThrow('"fail" was not answered within 20 ms');
});
