import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { canBeOthers, nobody, startAsUser, stranger, type User } from "../support/as-user";
import type { ScriptProcess } from "../support/script-process";
import { act } from "./folder-actions";

const entry = join(import.meta.dirname, "folders-entry.ts");
const root = { uid: 0, gid: 0 };

let above: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "pcf-"));
  chmodSync(above, 0o755);
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

function made(name: string, owner: User, mode: number): string {
  const path = join(above, name);
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode); // a change of the owner removes the set-group-id bit
  return path;
}

const processes = new Map<number, ScriptProcess>();
afterAll(() => {
  for (const script of processes.values()) script.kill("SIGKILL");
});

/** Does something in this process, which is root's, or in the one process of another user. */
async function as(user: User, action: string, path: string): Promise<string> {
  if (user.uid === 0) return act(action, path);
  const script = processes.get(user.uid) ?? startAsUser(user, entry);
  processes.set(user.uid, script);
  script.say(`${action} ${path}`);
  const line = await script.nextLine();
  if (line === null) throw new Error(script.errors());
  return JSON.parse(line) as string;
}

const start = (user: User, path: string) => as(user, "start", path);
const owner = (path: string) => lstatSync(path).uid;
const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const isOneLine = (text: string) => !text.includes("\n");

const linux = process.platform === "linux";

describe.runIf(canBeOthers && linux)("a data folder", () => {
  test("of this user is used and closed to others while it is empty", async () => {
    const data = made("data", nobody, 0o755);
    expect(await start(nobody, data)).toBe("ok");
    expect([mode(data), owner(join(data, "secret")), mode(join(data, "secret"))]).toEqual(["700", nobody.uid, "600"]);
  });

  test.each([
    ["a volume with an fsGroup", { uid: 0, gid: nobody.gid }, 0o2770, nobody],
    ["a folder of group 0, under a random user", { uid: 0, gid: 0 }, 0o770, { uid: 1_000_670_000, gid: 0 }],
  ])("that another user owns and this one's group may write to is used as it is: %s", async (_, of, bits, user) => {
    const data = made("data", of, bits);
    expect(await start(user, data)).toBe("ok");
    expect(await start(user, data)).toBe("ok"); // and again, with the secret that is there now
    expect([mode(data), owner(join(data, "secret")), mode(join(data, "secret"))]).toEqual([
      bits.toString(8),
      user.uid,
      "600",
    ]);
    expect(await as(user, "start-on-postgres", data)).toBe("ok");
  });

  test.each([
    ["is open to others", { uid: 0, gid: nobody.gid }, 0o2775, "open to other users (mode 2775)"],
    ["everybody may write to", { uid: 0, gid: 0 }, 0o777, "not in that group"],
    ["this one's group may only read", { uid: 0, gid: nobody.gid }, 0o750, "may not write to it"],
  ])("of another user that %s is refused in one line that says what to do", async (_, of, bits, why) => {
    const data = made("data", of, bits);
    for (const action of ["start", "start-on-postgres"]) {
      const said = await as(nobody, action, data);
      expect(said).toMatch(/^DataFolderUnusable: /);
      expect(said).toContain(why);
      expect(said).toContain('run "ch');
      expect(isOneLine(said)).toBe(true);
    }
    expect(existsSync(join(data, "secret"))).toBe(false);
  });

  test("below a volume that is open to others is made with the right owner and mode", async () => {
    const volume = made("volume", { uid: 0, gid: nobody.gid }, 0o2775);
    const data = join(volume, "portcullis");
    expect(await start(nobody, data)).toBe("ok");
    expect([mode(data).slice(-3), owner(data)]).toEqual(["700", nobody.uid]);
  });

  test("of another user is refused to root, whatever its mode is", async () => {
    for (const [index, bits] of [0o700, 0o770, 0o777].entries()) {
      const data = made(`data${index}`, nobody, bits);
      const said = await start(root, data);
      expect(said).toContain(`${data} belongs to user ${nobody.uid}, and this process runs as root`);
      expect(isOneLine(said)).toBe(true);
      expect(existsSync(join(data, "secret"))).toBe(false);
    }
  });

  test("that is a link is followed, by root if the link is root's", async () => {
    const data = made("data", nobody, 0o700);
    const link = join(above, "link");
    symlinkSync(data, link);
    expect(await start(nobody, link)).toBe("ok");
    expect(await start(root, link)).toContain("belongs to user");
    const ownData = made("own", root, 0o700);
    const ownLink = join(above, "own-link");
    symlinkSync(ownData, ownLink);
    expect(await start(root, join(ownLink, "inner"))).toBe("ok");
  });

  test("that a link of another user leads to is refused to root, at every place of the path", async () => {
    const data = made("data", root, 0o700);
    const theirs = made("theirs", nobody, 0o755);
    symlinkSync(data, join(theirs, "link"));
    lchownSync(join(theirs, "link"), nobody.uid, nobody.gid);
    for (const path of [join(theirs, "link"), join(theirs, "link", "inner")]) {
      expect(await start(root, path)).toContain(`${join(theirs, "link")} is a symbolic link of user ${nobody.uid}`);
    }
    symlinkSync(join(theirs, "link"), join(above, "indirect"));
    expect(await start(root, join(above, "indirect"))).toContain("is a symbolic link of user");
    expect(existsSync(join(data, "secret"))).toBe(false);
  });

  test("that is a link to nothing, a link to itself, or a file, is one line", async () => {
    symlinkSync(join(above, "nothing"), join(above, "dangling"));
    symlinkSync(join(above, "circle"), join(above, "circle"));
    writeFileSync(join(above, "file"), "");
    for (const name of ["dangling", "circle", "file", "file/below"]) {
      const said = await start(root, join(above, name));
      expect(said).toMatch(/^DataFolderUnusable: .*cannot be used \(E[A-Z]+: .+\): set PORTCULLIS_DATA/);
      expect(isOneLine(said)).toBe(true);
    }
  });

  test("where the system lets nobody make a folder is one line, and keeps nobody waiting", async () => {
    for (const path of ["/proc/portcullis", "/proc/portcullis/below"]) {
      const said = await start(root, path);
      expect(said).toMatch(
        /^DataFolderUnusable: \/proc\/portcullis.* cannot be used \(E[A-Z]+: .+\): set PORTCULLIS_DATA/,
      );
      expect(isOneLine(said)).toBe(true);
    }
  });
});

describe.runIf(canBeOthers)("a secret in the data folder", () => {
  const secret = "c0b7a1e95d3f48266b1f0d7a935ce8420f1e2d3c4b5a69788796a5b4c3d2e1f0\n";

  test("that another user planted is refused, and not replaced", async () => {
    const data = made("data", { uid: 0, gid: nobody.gid }, 0o770);
    writeFileSync(join(data, "secret"), secret, { mode: 0o600 });
    chownSync(join(data, "secret"), stranger.uid, stranger.gid);
    chmodSync(join(data, "secret"), 0o644); // so that it could be read
    expect(await start(nobody, data)).toContain(`belongs to user ${stranger.uid}`);
    const own = made("own", root, 0o700);
    writeFileSync(join(own, "secret"), secret, { mode: 0o600 });
    chownSync(join(own, "secret"), nobody.uid, nobody.gid);
    expect(await start(root, own)).toContain(`${join(own, "secret")} belongs to user ${nobody.uid}`);
    expect(readFileSync(join(own, "secret"), "utf8")).toBe(secret);
  });

  test("that is a link is not followed, wherever it leads", async () => {
    for (const [index, target] of [join(above, "elsewhere"), "/dev/zero", join(above, "nothing")].entries()) {
      writeFileSync(join(above, "elsewhere"), secret, { mode: 0o600 });
      const data = made(`data${index}`, root, 0o700);
      symlinkSync(target, join(data, "secret"));
      expect(await start(root, data)).toContain(`${join(data, "secret")} is a symbolic link`);
      expect(existsSync(join(above, "nothing"))).toBe(false);
    }
  });

  test("that is a pipe keeps nobody waiting", async () => {
    const data = made("data", root, 0o700);
    spawnSync("mkfifo", ["-m", "600", join(data, "secret")]);
    expect(await start(root, data)).toContain("is not a regular file");
  });
});

describe.runIf(canBeOthers)("control.pid", () => {
  test("that is a link is replaced, and what it leads to stays as it is", async () => {
    const data = made("data", { uid: 0, gid: nobody.gid }, 0o770);
    const victim = join(above, "victim");
    writeFileSync(victim, "precious");
    chownSync(victim, nobody.uid, nobody.gid);
    symlinkSync(victim, join(data, "control.pid"));
    expect(await start(nobody, data)).toBe("ok");
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});

describe.runIf(canBeOthers)("a command on the host", () => {
  /** As a server of that user would. */
  const listenAt = async (path: string, user: User) => {
    const server = createServer((_, response) => response.end("{}"));
    await new Promise<void>((done) => server.listen(path, done));
    chownSync(path, user.uid, user.gid);
    chmodSync(path, 0o600);
    return () => new Promise((done) => server.close(done));
  };

  test("believes no socket that another user may have planted", async () => {
    const data = made("data", root, 0o777);
    const close = await listenAt(join(data, "control.sock"), stranger);
    expect(await as(root, "ask", data)).toContain(`control.sock belongs to user ${stranger.uid}`);
    expect(await as(nobody, "ask", data)).toContain(`control.sock belongs to user ${stranger.uid}`);
    await close();
  });

  test("of root asks the server of another user, whose folder is closed to others", async () => {
    const data = made("data", nobody, 0o700);
    const close = await listenAt(join(data, "control.sock"), nobody);
    expect(await as(root, "ask", data)).toBe("ok");
    expect(await as(nobody, "ask", data)).not.toContain("belongs to");
    await close();
  });
});

describe.runIf(canBeOthers)("a gateway's folder", () => {
  test("that another user owns and this one's group may write to is used, and keeps its mode and group", async () => {
    const folder = made("gateway", { uid: 0, gid: nobody.gid }, 0o2770);
    expect(await as(nobody, "gateway", folder)).toBe("ok");
    expect([owner(folder), mode(folder)]).toEqual([0, "2770"]);
    const file = statSync(join(folder, "dynamic", "0-portcullis", "x.yml"));
    expect([file.uid, file.gid]).toEqual([nobody.uid, nobody.gid]);
  });

  test("of another user is refused to root, and so is a subfolder that another user planted", async () => {
    expect(await as(root, "gateway", made("gateway", nobody, 0o777))).toMatch(/^NotOurs: .* belongs to user 65534/);
    const own = made("own", root, 0o750);
    made("own/dynamic", nobody, 0o777);
    expect(await as(root, "gateway", own)).toContain(`${join(own, "dynamic")} belongs to user`);
  });

  test("in which traefik.yml is a link gets a file in its place, and what the link leads to stays as it is", async () => {
    const own = made("own", root, 0o750);
    writeFileSync(join(above, "victim"), "precious", { mode: 0o600 });
    symlinkSync(join(above, "victim"), join(own, "traefik.yml"));
    expect(await as(root, "gateway", own)).toBe("ok");
    expect(readFileSync(join(above, "victim"), "utf8")).toBe("precious");
    expect(mode(join(above, "victim"))).toBe("600");
    expect(lstatSync(join(own, "traefik.yml")).isFile()).toBe(true);
  });
});

describe.runIf(canBeOthers)("the project's folder with nothing built", () => {
  test("that cannot be written is one line that says what to run", async () => {
    const project = made("project", root, 0o755);
    for (const prepared of ["nothing", "an unwritable .next", "an unwritable dist"]) {
      if (prepared.endsWith(".next")) mkdirSync(join(project, ".next"), { mode: 0o755 });
      if (prepared.endsWith("dist")) {
        chownSync(join(project, ".next"), nobody.uid, nobody.gid);
        mkdirSync(join(project, "dist"), { mode: 0o755 });
      }
      const said = await as(nobody, "build", project);
      expect(said).toMatch(/^StartFailure: the console is not built for this version.* cannot be written \(EACCES/);
      expect(said).toContain('run "npm run build"');
      expect(isOneLine(said)).toBe(true);
    }
  });

  test("is locked in the folder itself: a lock that another user made first is refused, and nothing is in the temporary directory", async () => {
    const project = made("project", root, 0o755);
    mkdirSync(join(project, "dist"));
    made("project/dist/.building", nobody, 0o777);
    const said = await as(root, "build", project);
    expect(said).toContain(`${join(project, "dist", ".building")} belongs to user ${nobody.uid}`);
    expect(isOneLine(said)).toBe(true);
  });
});
