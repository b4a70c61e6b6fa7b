import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataFolderInUse, takeControlSocket } from "#src/main/ipc/control-socket";
import { requestControlSocket } from "#src/main/ipc/control-socket-client";
import { DataFolderUnusable } from "#src/main/ipc/control-socket-path";
import { identityOf } from "#src/platform/files/folder-lock";
import { type ScriptProcess, startScript } from "#tests/support/script-process";

const OWNER = join(import.meta.dirname, "control-socket-owner.ts");

let folder = "";
const started: ScriptProcess[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "portcullis-lock-")), "data");
});

afterEach(async () => {
  for (const script of started) script.kill("SIGKILL");
  await Promise.all(started.splice(0).map((script) => script.ended));
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

async function prepareHolder(): Promise<ScriptProcess> {
  const script = startScript(OWNER, folder);
  started.push(script);
  expect(await script.nextLine()).toBe("ready");
  return script;
}

async function startOwner(mode: "serve" | "wait"): Promise<ScriptProcess> {
  const script = await prepareHolder();
  script.say(mode);
  expect(await script.nextLine()).toBe(JSON.stringify({ won: script.pid }));
  return script;
}

/** Creates what a killed process leaves: a socket file without a listener. */
async function leaveDeadSocket(name: string): Promise<void> {
  const server = createServer();
  const path = join(folder, name);
  await new Promise<void>((done) => server.listen(`${path}~`, done));
  linkSync(`${path}~`, path);
  await new Promise((done) => server.close(done)); // removes the original name, not the link
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("the lock of a data folder", () => {
  it("the lock is a socket that only its owner can open, in a folder that only its owner can enter", async () => {
    const socket = await takeControlSocket(folder);
    expect(statSync(join(folder, "control.sock")).isSocket()).toBe(true);
    expect(modeOf(join(folder, "control.sock"))).toBe("600");
    expect(modeOf(folder)).toBe("700");
    expect(readdirSync(folder).sort()).toEqual(["control.pid", "control.sock"]);
    await socket.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a second process cannot take the lock and gets the pid of the first", async () => {
    const owner = await startOwner("wait");
    const refusal = await takeControlSocket(folder).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DataFolderInUse);
    expect(refusal).toMatchObject({ pid: owner.pid, responds: true });
    expect(String(refusal)).toContain(`in use by process ${owner.pid}`);
  });

  it("a second taker in the same process cannot take the lock", async () => {
    const socket = await takeControlSocket(folder);
    await expect(takeControlSocket(folder)).rejects.toMatchObject({ pid: process.pid });
    await socket.close();
    await (await takeControlSocket(folder)).close();
  });

  it("a stopped process still holds the lock", async () => {
    const owner = await startOwner("serve");
    owner.kill("SIGSTOP");
    const refusal = await takeControlSocket(folder).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "DataFolderInUse", pid: owner.pid, responds: false });
    expect(await requestControlSocket(folder, "/", {}, { timeoutMs: 50 })).toEqual({ kind: "silent" });
    owner.kill("SIGCONT");
    expect(await requestControlSocket(folder, "/a", {})).toMatchObject({ kind: "response", body: { path: "/a" } });
  });

  it("the lock of a killed process can be taken over", async () => {
    const owner = await startOwner("wait");
    owner.kill("SIGKILL");
    await owner.ended;
    expect(await requestControlSocket(folder, "/", {})).toEqual({ kind: "no_server" });
    const socket = await takeControlSocket(folder);
    expect(await requestControlSocket(folder, "/pid", {})).toMatchObject({ body: { pid: process.pid } });
    expect(readdirSync(folder).sort()).toEqual(["control.pid", "control.sock"]);
    await socket.close();
  });

  it("exactly one of ten concurrent processes takes over the lock of a killed process", async () => {
    for (let round = 0; round < 3; round++) {
      const racers = await Promise.all(Array.from({ length: 10 }, prepareHolder));
      for (const racer of racers) racer.say("serve");
      const outputLines = await Promise.all(racers.map((racer) => racer.nextLine()));
      const winners = outputLines.filter((line) => line?.includes("won"));
      expect(winners, outputLines.join("\n")).toHaveLength(1);
      const winner = racers[outputLines.indexOf(winners[0] ?? "")];
      expect(await requestControlSocket(folder, "/pid", {})).toMatchObject({ body: { pid: winner?.pid } });
      for (const line of outputLines)
        if (line !== winners[0]) expect(line).toContain(`in use by process ${winner?.pid}`);
      winner?.kill("SIGKILL"); // the next round competes for its leftover socket
      await winner?.ended;
    }
  });

  it("the lock can be taken over after two processes were killed while they replaced a leftover socket", async () => {
    mkdirSync(folder, { mode: 0o700 });
    await leaveDeadSocket("control.sock");
    const claimName = `s.${await identityOf(join(folder, "control.sock"))}`;
    await leaveDeadSocket(claimName);
    await leaveDeadSocket(`s.${await identityOf(join(folder, claimName))}`);
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => takeControlSocket(folder)));
    const taken = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    expect(taken).toHaveLength(1);
    expect(readdirSync(folder).sort()).toEqual(["control.pid", "control.sock"]);
    await taken[0]?.close();
  });

  it("exactly one of a hundred concurrent takers in one process gets the lock", async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 100 }, () => takeControlSocket(folder)));
    const taken = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    expect(taken).toHaveLength(1);
    await taken[0]?.close();
    await (await takeControlSocket(folder)).close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a path that is too long for a socket is refused in one line", async () => {
    const error = await takeControlSocket(join(folder, "x".repeat(100))).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(DataFolderUnusable);
    expect(String(error)).toMatch(/bytes long.*PORTCULLIS_DATA/);
    expect(String(error)).not.toContain("\n");
  });

  it("a path where no folder can be created is refused in one line", async () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, "letter.txt"), "");
    for (const path of [join(folder, "letter.txt"), join(folder, "letter.txt", "data")]) {
      const error = await takeControlSocket(path).catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(DataFolderUnusable);
      expect(String(error)).toMatch(/letter\.txt.* cannot be used \(E\w+: [^)]+\): set PORTCULLIS_DATA /);
      expect(String(error)).not.toContain("\n");
    }
  });

  it("taking the lock does not change the mode of a folder that contains other files", async () => {
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(join(folder, "letter.txt"), "");
    await expect(takeControlSocket(folder)).rejects.toThrow(/mode 755.*chmod 700/);
    expect(modeOf(folder)).toBe("755");
    rmSync(join(folder, "letter.txt"));
    await (await takeControlSocket(folder)).close();
    expect(modeOf(folder)).toBe("700");
  });
});

describe("requests over the control socket", () => {
  it("a request distinguishes no server, a starting server and an answer", async () => {
    mkdirSync(folder);
    expect(await requestControlSocket(folder, "/setup", {})).toEqual({ kind: "no_server" });
    const socket = await takeControlSocket(folder);
    expect(await requestControlSocket(folder, "/setup", {})).toEqual({ kind: "starting" });
    socket.serve((request, response) => {
      response.statusCode = 201;
      request.pipe(response);
    });
    expect(await requestControlSocket(folder, "/setup", { name: "Ada" })).toEqual({
      kind: "response",
      status: 201,
      body: { name: "Ada" },
    });
    await socket.close();
  });

  it("a request with patience waits while a server is starting", async () => {
    const socket = await takeControlSocket(folder);
    const answer = requestControlSocket(folder, "/setup", {}, { patienceMs: 20_000 });
    expect(await requestControlSocket(folder, "/setup", {})).toEqual({ kind: "starting" });
    socket.serve((_request, response) => response.end("{}"));
    expect(await answer).toMatchObject({ kind: "response", status: 200 });
    await socket.close();
  });
});
